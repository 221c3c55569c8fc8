import django.db.models.deletion
import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0014_close_told_in'),
    ]

    operations = [
        migrations.CreateModel(
            name='BarPack',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('interval', models.CharField(choices=[('1m', '1m'), ('1h', '1h')], max_length=2)),
                ('start', models.DateTimeField()),
                ('source', models.CharField(max_length=32)),
                ('bars', models.JSONField(default=dict)),
                ('instrument', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='bar_packs', to='marketdata.instrument')),
            ],
            options={
                'indexes': [models.Index(fields=['interval', 'start'], name='bar_packs_by_age')],
                'constraints': [models.UniqueConstraint(fields=('instrument', 'interval', 'start', 'source'), name='one_bar_pack')],
            },
        ),
        migrations.CreateModel(
            name='MinuteFill',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_until', models.DateTimeField()),
                ('asked_at', models.DateTimeField(verbose_name='last asked')),
                ('source', models.CharField(blank=True, default='', max_length=32)),
                ('written', models.PositiveBigIntegerField(default=0)),
                ('error', models.CharField(blank=True, default='', max_length=500)),
                ('instrument', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='marketdata.instrument')),
            ],
            options={
                'indexes': [models.Index(fields=['-asked_at', 'id'], name='fills_by_moment')],
            },
        ),
    ]
