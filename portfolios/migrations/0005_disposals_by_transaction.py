from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portfolios', '0004_checkpoints'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='disposal',
            name='disposal_by_date',
        ),
        migrations.AddIndex(
            model_name='disposal',
            index=models.Index(fields=['portfolio', '-date', '-transaction_id', '-place'], name='disposal_by_date'),
        ),
        migrations.AddIndex(
            model_name='disposal',
            index=models.Index(fields=['portfolio', 'instrument', '-date', '-transaction_id', '-place'], name='disposal_by_instrument'),
        ),
    ]
