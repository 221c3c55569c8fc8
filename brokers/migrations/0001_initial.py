import django.core.serializers.json
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('portfolios', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('file_name', models.CharField(max_length=200)),
                ('payload_id', models.CharField(max_length=24)),
                ('payload_size', models.PositiveBigIntegerField()),
                ('payload_sha256', models.CharField(max_length=64)),
                ('file_format', models.CharField(blank=True, max_length=24)),
                ('creates_instruments', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('reading', 'Reading'), ('preview', 'Ready to check'), ('committing', 'Committing'), ('committed', 'Committed'), ('undoing', 'Undoing'), ('undone', 'Undone'), ('discarded', 'Discarded'), ('refused', 'Refused')], default='reading', max_length=16)),
                ('rows_total', models.PositiveIntegerField(default=0)),
                ('rows_new', models.PositiveIntegerField(default=0)),
                ('rows_duplicate', models.PositiveIntegerField(default=0)),
                ('rows_error', models.PositiveIntegerField(default=0)),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('attempt', models.PositiveIntegerField(default=0, editable=False)),
                ('committed_through', models.PositiveIntegerField(default=0, editable=False)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('portfolio', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='import_runs', to='portfolios.portfolio')),
            ],
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('new', 'New'), ('duplicate', 'Duplicate'), ('error', 'Error')], max_length=16)),
                ('content', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('raw', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('errors', models.JSONField(default=list)),
                ('fingerprint', models.CharField(blank=True, max_length=32)),
                ('copy', models.PositiveIntegerField(default=1)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='brokers.importrun')),
            ],
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['portfolio', '-created_at', '-id'], name='imports_of_portfolio'),
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['owner', '-created_at'], name='imports_of_owner'),
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['state', 'updated_at'], name='imports_unfinished'),
        ),
        migrations.AddIndex(
            model_name='importrow',
            index=models.Index(fields=['run', 'state', 'number'], name='import_rows_by_state'),
        ),
        migrations.AddConstraint(
            model_name='importrow',
            constraint=models.UniqueConstraint(fields=('run', 'number'), name='one_row_a_number'),
        ),
    ]
