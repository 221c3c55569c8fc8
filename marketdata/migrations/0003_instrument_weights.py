from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0002_multiplier'),
    ]

    operations = [
        migrations.AddField(
            model_name='instrument',
            name='weights',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='instrument',
            name='weights_source',
            field=models.CharField(blank=True, default='', max_length=160),
        ),
    ]
