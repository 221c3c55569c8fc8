import common.fields
import django.db.models.deletion
import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0011_instrument_merge'),
    ]

    operations = [
        migrations.CreateModel(
            name='CorporateAction',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('split', 'Split'), ('dividend', 'Dividend'), ('stock_dividend', 'Stock dividend'), ('spin_off', 'Spin-off'), ('merger', 'Merger'), ('redemption', 'Redemption'), ('renaming', 'Renaming'), ('rights', 'Rights issue'), ('removal', 'Removed as worthless')], max_length=16)),
                ('ex_date', models.DateField(verbose_name='first day without (ex)')),
                ('record_date', models.DateField(blank=True, null=True)),
                ('pay_date', models.DateField(blank=True, null=True)),
                ('ratio', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('cash', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('other_symbol', models.CharField(blank=True, default='', max_length=64)),
                ('source', models.CharField(max_length=32)),
                ('source_id', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('announced', 'Announced'), ('withdrawn', 'Withdrawn')], default='announced', max_length=16)),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='marketdata.instrument')),
            ],
            options={
                'indexes': [models.Index(fields=['instrument', '-ex_date', '-id'], name='action_by_date'), models.Index(fields=['instrument', 'kind', 'ex_date'], name='action_by_kind')],
                'constraints': [models.UniqueConstraint(fields=('source', 'source_id', 'instrument'), name='one_action_a_source')],
            },
        ),
    ]
