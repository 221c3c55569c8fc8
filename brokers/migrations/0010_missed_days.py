import django.db.models.deletion
import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('brokers', '0009_open_orders'),
    ]

    operations = [
        migrations.CreateModel(
            name='MissedDay',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('day', models.DateField()),
                ('read_until', models.DateTimeField(blank=True, null=True)),
                ('state', models.CharField(choices=[('open', 'Open'), ('settled', 'Settled')], max_length=16)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('import_id', models.CharField(blank=True, max_length=24)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='missed_days', to='brokers.connection')),
            ],
            options={
                'indexes': [models.Index(fields=['connection', '-day', '-id'], name='missed_days_of_connection'), models.Index(fields=['connection', 'state', '-day'], name='missed_days_by_state'), models.Index(fields=['import_id'], name='missed_days_by_import')],
                'constraints': [models.UniqueConstraint(fields=('connection', 'day'), name='one_missed_day_a_day')],
            },
        ),
    ]
