import common.fields
import django.core.serializers.json
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('marketdata', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Portfolio',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('name', models.CharField(max_length=80)),
                ('base_currency', models.CharField(max_length=5)),
                ('tracks_cash', models.BooleanField(default=True)),
                ('ledger_revision', models.PositiveBigIntegerField(default=0, editable=False)),
                ('computed_revision', models.PositiveBigIntegerField(default=0, editable=False)),
                ('is_recalculating', models.BooleanField(default=False, editable=False)),
                ('recalculate_after', models.DateTimeField(blank=True, editable=False, null=True)),
                ('recalculation_failures', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('stale_from', models.DateField(blank=True, editable=False, null=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='portfolios', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='DailyValue',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField()),
                ('revision', models.PositiveBigIntegerField()),
                ('value', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('cash', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('net_flow', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('status', models.CharField(max_length=16)),
                ('missing', models.JSONField(default=list)),
                ('computed_at', models.DateTimeField()),
                ('portfolio', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='values', to='portfolios.portfolio')),
            ],
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('revision', models.PositiveBigIntegerField()),
                ('quantity', common.fields.MoneyField(decimal_places=10, max_digits=28)),
                ('currency', models.CharField(max_length=5)),
                ('cost', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('cost_base', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('realized_base', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('income_base', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('fees_base', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('taxes_base', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('opened_on', models.DateField(blank=True, null=True)),
                ('lots', models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('status', models.CharField(max_length=16)),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketdata.instrument')),
                ('portfolio', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='positions', to='portfolios.portfolio')),
            ],
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('revision', models.PositiveBigIntegerField()),
                ('content', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('portfolio', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='snapshot', to='portfolios.portfolio')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Transaction',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('buy', 'Buy'), ('sell', 'Sell'), ('dividend', 'Dividend'), ('interest', 'Interest'), ('fee', 'Fee'), ('tax', 'Tax'), ('deposit', 'Deposit'), ('withdrawal', 'Withdrawal'), ('split', 'Split'), ('transfer_in', 'Transfer in'), ('transfer_out', 'Transfer out')], max_length=16)),
                ('account', models.CharField(blank=True, max_length=80)),
                ('trade_date', models.DateField()),
                ('executed_at', models.DateTimeField(blank=True, null=True)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('quantity', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('price', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('amount', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('ratio', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('fee', common.fields.MoneyField(decimal_places=10, default=0, max_digits=28)),
                ('tax', common.fields.MoneyField(decimal_places=10, default=0, max_digits=28)),
                ('currency', models.CharField(max_length=5)),
                ('fx_rate', common.fields.MoneyField(blank=True, decimal_places=10, max_digits=28, null=True)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('revision', models.PositiveIntegerField(default=1, editable=False)),
                ('is_void', models.BooleanField(default=False, editable=False)),
                ('fingerprint', models.CharField(editable=False, max_length=32)),
                ('import_run_id', models.CharField(blank=True, editable=False, max_length=24, null=True)),
                ('import_row', models.PositiveIntegerField(blank=True, editable=False, null=True)),
                ('instrument', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketdata.instrument')),
                ('portfolio', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transactions', to='portfolios.portfolio')),
            ],
        ),
        migrations.CreateModel(
            name='TransactionRevision',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('state', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('changed_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=80)),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('transaction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='portfolios.transaction')),
            ],
        ),
        migrations.AddIndex(
            model_name='portfolio',
            index=models.Index(fields=['is_recalculating', 'recalculate_after'], name='portfolio_due'),
        ),
        migrations.AddConstraint(
            model_name='portfolio',
            constraint=models.UniqueConstraint(fields=('owner', 'name'), name='one_name_an_owner'),
        ),
        migrations.AddConstraint(
            model_name='dailyvalue',
            constraint=models.UniqueConstraint(fields=('portfolio', 'date'), name='one_value_a_day'),
        ),
        migrations.AddIndex(
            model_name='position',
            index=models.Index(fields=['instrument', 'portfolio'], name='position_holders'),
        ),
        migrations.AddConstraint(
            model_name='position',
            constraint=models.UniqueConstraint(fields=('portfolio', 'instrument'), name='one_position_an_instrument'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['portfolio', 'is_void', '-trade_date', '-id'], name='ledger_by_date'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['portfolio', 'is_void', 'instrument', '-trade_date', '-id'], name='ledger_by_instrument'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['portfolio', 'is_void', 'kind', '-trade_date', '-id'], name='ledger_by_kind'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['portfolio', 'fingerprint'], name='ledger_by_fingerprint'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['import_run_id', 'import_row'], name='ledger_by_import'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['-created_at'], name='transaction_newest'),
        ),
        migrations.AddConstraint(
            model_name='transaction',
            constraint=models.UniqueConstraint(fields=('import_run_id', 'import_row'), name='one_transaction_an_import_row'),
        ),
        migrations.AddConstraint(
            model_name='transactionrevision',
            constraint=models.UniqueConstraint(fields=('transaction', 'revision'), name='one_state_a_revision'),
        ),
    ]
