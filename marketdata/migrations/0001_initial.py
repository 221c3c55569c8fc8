import common.fields
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Instrument',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('identity', models.CharField(editable=False, max_length=96, unique=True)),
                ('symbol', models.CharField(max_length=32)),
                ('name', models.CharField(max_length=160)),
                ('isin', models.CharField(blank=True, max_length=12, verbose_name='ISIN')),
                ('mic', models.CharField(blank=True, max_length=4, verbose_name='market (MIC)')),
                ('currency', models.CharField(max_length=5)),
                ('asset_class', models.CharField(choices=[('stock', 'Stock'), ('etf', 'ETF'), ('fund', 'Fund'), ('bond', 'Bond'), ('crypto', 'Cryptocurrency'), ('commodity', 'Commodity'), ('currency', 'Currency pair'), ('other', 'Other')], max_length=16)),
                ('last_close', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('last_close_date', models.DateField(blank=True, null=True)),
                ('is_active', models.BooleanField(default=True)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PriceBar',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField()),
                ('close', common.fields.MoneyField(decimal_places=10, max_digits=28)),
                ('source', models.CharField(max_length=32)),
                ('recorded_at', models.DateTimeField()),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bars', to='marketdata.instrument')),
            ],
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['symbol'], name='instrument_symbol'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['isin'], name='instrument_isin'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['is_active', 'symbol', 'id'], name='instrument_active'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['owner', 'is_active', 'symbol', 'id'], name='instrument_visible'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['asset_class', 'symbol'], name='instrument_class'),
        ),
        migrations.AddIndex(
            model_name='pricebar',
            index=models.Index(fields=['date', 'instrument'], name='bar_date'),
        ),
        migrations.AddConstraint(
            model_name='pricebar',
            constraint=models.UniqueConstraint(fields=('instrument', 'date'), name='one_bar_a_day'),
        ),
    ]
