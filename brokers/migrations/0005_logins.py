from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('brokers', '0004_lost_syncs'),
    ]

    operations = [
        migrations.AddField(
            model_name='connection',
            name='login_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='told_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='connection',
            name='state',
            field=models.CharField(choices=[('active', 'Active'), ('limited', 'Limited'), ('needs_key', 'Needs a new key'), ('needs_login', 'Needs you to log in'), ('paused', 'Paused'), ('removing', 'Removing'), ('disconnected', 'Disconnected')], max_length=16),
        ),
    ]
