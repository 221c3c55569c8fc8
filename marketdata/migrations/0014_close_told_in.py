"""Say of the closes that are there that they were told in the currency of their instrument."""

from django.db import migrations, models

from common.bulk import distinct


def add_units(apps, schema_editor):
    """Write it instrument by instrument: millions of rows at once would take too long for one answer."""
    model = apps.get_model("marketdata", "PriceBar")
    collection = schema_editor.connection.get_collection(model._meta.db_table)
    for instrument_id in distinct(model, "instrument_id"):
        collection.update_many(
            {"instrument_id": instrument_id, "told_in": None}, {"$set": {"told_in": ""}}
        )


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0013_share_class_figi'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='pricebar',
                    name='told_in',
                    field=models.CharField(blank=True, default='', max_length=5),
                ),
            ],
        ),
        migrations.RunPython(add_units, migrations.RunPython.noop),
    ]
