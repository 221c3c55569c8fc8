import django.core.serializers.json
import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portfolios', '0009_intraday_value'),
    ]

    operations = [
        migrations.CreateModel(
            name='MovedReference',
            fields=[
                ('id', django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('merge_key', models.CharField(max_length=24)),
                ('kind', models.CharField(max_length=32)),
                ('object_key', models.CharField(max_length=24)),
                ('content', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('moved_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merge_key', 'kind', 'object_key'), name='one_move_a_reference')],
            },
        ),
    ]
