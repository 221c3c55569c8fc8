"""What portfolios were worth minute by minute."""

import django.db.models.deletion
import django_mongodb_backend.fields
from django.db import migrations, models

import common.fields


class Migration(migrations.Migration):
    dependencies = [("portfolios", "0008_watchlists_and_alerts")]

    operations = [
        migrations.CreateModel(
            name="IntradayValue",
            fields=[
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("value", common.fields.MoneyField(decimal_places=10, max_digits=28)),
                ("status", models.CharField(max_length=16)),
                (
                    "portfolio",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="intraday_values",
                        to="portfolios.portfolio",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="intraday_oldest")],
                "constraints": [
                    models.UniqueConstraint(fields=("portfolio", "at"), name="one_value_a_minute")
                ],
            },
        ),
    ]
