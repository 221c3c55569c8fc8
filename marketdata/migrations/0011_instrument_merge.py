import django.core.serializers.json
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0010_instrument_alias'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='instrument',
            name='merged_into',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='marketdata.instrument'),
        ),
        migrations.CreateModel(
            name='InstrumentMerge',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('moving', 'Moving'), ('done', 'Done'), ('returning', 'Being undone'), ('undone', 'Undone')], max_length=16)),
                ('open_for', models.CharField(blank=True, editable=False, max_length=24, null=True)),
                ('moved', models.PositiveIntegerField(default=0)),
                ('returned', models.PositiveIntegerField(default=0)),
                ('content', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('duplicate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='marketdata.instrument')),
                ('survivor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='marketdata.instrument')),
            ],
            options={
                'indexes': [models.Index(fields=['open_for'], name='merge_open_for'), models.Index(fields=['state', 'updated_at'], name='merge_state'), models.Index(fields=['asked_by', '-id'], name='merge_of')],
                'constraints': [models.UniqueConstraint(fields=('open_for',), name='one_merge_an_instrument')],
            },
        ),
    ]
