import django.db.models.deletion
import django_mongodb_backend.fields
from django.db import migrations, models
from pymongo import UpdateOne

from common.bulk import aggregate, batched
from marketdata.domain.packing import pack

_AT_ONCE = 500


def pack_bars(apps, schema_editor):
    """Pack what is there; whoever is stopped in the middle begins again."""
    bars, packs = (apps.get_model("marketdata", name) for name in ("PriceBar", "CloseYear"))
    collection = schema_editor.connection.get_collection(packs._meta.db_table)
    by_year = aggregate(
        bars,
        [
            {"$sort": {"instrument_id": 1, "date": 1}},
            {
                "$group": {
                    "_id": {"instrument_id": "$instrument_id", "year": {"$year": "$date"}},
                    "days": {"$push": "$date"},
                    "closes": {"$push": {"$toString": "$close"}},
                }
            },
        ],
    )
    for batch in batched(by_year, _AT_ONCE):
        changes = []
        for each in batch:
            dates = (day.date() for day in each["days"])
            days, closes = pack(zip(dates, each["closes"], strict=True))
            packed = {"days": days, "closes": closes}
            changes.append(UpdateOne(each["_id"], {"$set": packed}, upsert=True))
        collection.bulk_write(changes, ordered=False)


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0006_chosen_sources'),
    ]

    operations = [
        migrations.CreateModel(
            name='CloseYear',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField()),
                ('days', models.TextField()),
                ('closes', models.TextField()),
                ('instrument', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='close_years', to='marketdata.instrument')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=['instrument', 'year'], name='one_pack_a_year')],
            },
        ),
        migrations.RunPython(pack_bars, migrations.RunPython.noop),
    ]
