"""Disposals know what they were computed from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portfolios", "0005_disposals_by_transaction")]

    operations = [
        migrations.AddField(
            model_name="disposal",
            name="digest",
            field=models.CharField(blank=True, default="", editable=False, max_length=32),
            preserve_default=False,
        ),
    ]
