"""Give every instrument the terms that it is found by."""

from django.db import migrations, models
from pymongo import UpdateOne

import marketdata.models
from common.bulk import aggregate, batched
from marketdata.domain.search import terms_of

_AT_ONCE = 1_000


def add_terms(apps, schema_editor):
    """Fill the terms in; whoever is stopped in the middle goes on with those without any."""
    model = apps.get_model("marketdata", "Instrument")
    collection = schema_editor.connection.get_collection(model._meta.db_table)
    without = {"search_terms": {"$in": [None, []]}}
    shown = dict.fromkeys(("symbol", "name", "isin"), 1)
    for batch in batched(aggregate(model, [{"$match": without}, {"$project": shown}]), _AT_ONCE):
        collection.bulk_write(
            [UpdateOne({"_id": each.pop("_id")}, {"$set": {"search_terms": terms_of(**each)}})
             for each in batch],
            ordered=False,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0004_source_run'),
    ]

    operations = [
        migrations.AddField(
            model_name='instrument',
            name='search_terms',
            field=marketdata.models.SearchTermsField(),
        ),
        migrations.RunPython(add_terms, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['owner', 'is_active', 'search_terms'], name='instrument_search'),
        ),
    ]
