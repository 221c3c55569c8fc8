"""Every page of the back office opens, on the real database."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from bson import ObjectId
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts import events
from accounts.models import User
from tests import factories

PASSWORD = "correct horse battery staple"
admin.autodiscover()
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
JUNK = ["++", "a(c", "🦊", "{'$ne': None}", "x" * 3_000, "a\x00b"]
MOMENT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
SAMPLES = {
    "BigIntegerField": 1,
    "BooleanField": False,
    "CharField": "x",
    "DateField": MOMENT.date(),
    "DateTimeField": MOMENT,
    "DecimalField": Decimal(1),
    "EmailField": "x@example.test",
    "GenericIPAddressField": "192.0.2.1",
    "IntegerField": 1,
    "JSONField": {},
    "ObjectIdField": ObjectId("0123456789abcdef01234567"),
    "PositiveBigIntegerField": 1,
    "PositiveIntegerField": 1,
    "PositiveSmallIntegerField": 1,
    "TextField": "x",
}


def page_of(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root@example.test", PASSWORD)


@pytest.fixture
def staff(root, browser_of):
    return browser_of(root)


def test_the_front_page_opens(staff):
    answer = staff.get("/admin/")

    assert answer.status_code == 200
    assert "Dead letters:" not in answer.content.decode()


def test_the_front_page_says_how_many_dead_letters_wait_and_leads_to_them(staff, ada, browser_of):
    connection = factories.make_connection(factories.make_portfolio(ada))
    for number, state in enumerate(("waiting", "waiting", "done")):
        factories.make_dead_letter(
            connection, external_id=f"row-{number}", state=state, created_at=MOMENT
        )

    page = staff.get("/admin/").content.decode()

    link = re.search(r'<a href="([^"]+)">2 wait, the oldest since 2026-01-02 03:04 UTC</a>', page)
    assert link is not None
    listed = staff.get(link[1]).content.decode()
    assert ("row-0" in listed, "row-2" in listed) == (True, False)
    helper = factories.make_user("helper@example.test", is_staff=True)
    assert "Dead letters:" not in browser_of(helper).get("/admin/").content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_of_a_model_opens(staff, rf, root, model):
    row = a_row_of(model)
    request = rf.get("/admin/")
    request.user = root
    may_add = admin.site._registry[model].has_add_permission(request)

    listed = staff.get(page_of(model, "changelist"))
    opened = staff.get(page_of(model, "change", row.pk))
    added = staff.get(page_of(model, "add"))
    nowhere = staff.get(page_of(model, "change", ObjectId()))
    nonsense = staff.get(page_of(model, "change", "zzz"))

    assert row in listed.context["cl"].result_list
    assert opened.status_code == 200
    assert added.status_code == (200 if may_add else 403)
    # The admin leads back to its front page from what isn't there.
    assert {nowhere.status_code, nonsense.status_code} <= {302, 404}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_junk_in_a_search_finds_nothing_and_breaks_nothing(staff, model):
    filters = [name for name in admin.site._registry[model].list_filter if isinstance(name, str)]
    queries = [{"q": text} for text in JUNK]
    queries += [{name: text} for name in ["p", "o", *filters] for text in ["++", "a\x00b"]]
    for query in queries:
        answer = staff.get(page_of(model, "changelist"), query)

        # Unusable filters and page numbers lead back to the whole list.
        assert answer.status_code in {200, 302}, query


def a_row_of(model, **given):
    """Store a row with something in every field that needs it."""
    for field in model._meta.concrete_fields:
        is_optional = field.primary_key or field.null or field.blank or field.has_default()
        if not is_optional and field.name not in given:
            given[field.name] = sample(field)
    if model is PeriodicTask:
        # The one that insists on a field it calls optional.
        given["interval"] = a_row_of(IntervalSchedule)
    return model.objects.create(**given)


def sample(field):
    if field.is_relation:
        return field.related_model.objects.first() or a_row_of(field.related_model)
    return field.choices[0][0] if field.choices else SAMPLES[field.get_internal_type()]


@pytest.fixture
def permissions(db):
    """What may be given to people and groups; see `_no_permissions_after_each_test`."""
    for name in ("accounts", "auth"):
        create_permissions(apps.get_app_config(name), verbosity=0)


class TestUsers:
    """The pages that change people."""

    def test_a_user_can_be_found_and_opened(self, staff, ada):

        listed = staff.get(page_of(User, "changelist"), {"q": "ADA@"})
        opened = staff.get(page_of(User, "change", ada.pk))

        assert [row.pk for row in listed.context["cl"].result_list] == [ada.pk]
        assert opened.status_code == 200

    def test_a_user_can_be_added(self, staff):
        form = {
            "email": "New@example.test",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }

        answer = staff.post(page_of(User, "add"), form)

        assert answer.status_code == 302
        assert User.objects.get(email="new@example.test").check_password(PASSWORD)

    def test_an_address_that_is_taken_is_refused_in_another_spelling(self, staff, root):
        form = {
            "email": "ROOT@example.test",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }

        answer = staff.post(page_of(User, "add"), form)

        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors["email"]

    def test_groups_and_permissions_can_be_given(self, staff, ada, permissions):
        group = Group.objects.create(name="support")
        permission = Permission.objects.get(codename="view_user")

        answer = staff.post(
            page_of(User, "change", ada.pk),
            {
                "email": ada.email,
                "is_active": "on",
                "is_staff": "on",
                "base_currency": "EUR",
                "time_zone": "UTC",
                "locale": "en-US",
                "groups": [str(group.pk)],
                "user_permissions": [str(permission.pk)],
            },
        )

        ada = User.objects.get(pk=ada.pk)
        assert answer.status_code == 302
        assert [each.pk for each in ada.groups.all()] == [group.pk]
        assert ada.has_perm("accounts.view_user")

    def test_a_password_can_be_set_and_ends_the_sessions(self, staff, ada):
        heard = []

        def listen(sender, user_id, **_more):
            heard.append(user_id)

        events.signed_out.connect(listen)
        form = {
            "usable_password": "true",
            "password1": "a much better passphrase",
            "password2": "a much better passphrase",
        }
        answer = staff.post(reverse("admin:auth_user_password_change", args=[ada.pk]), form)
        events.signed_out.disconnect(listen)

        assert answer.status_code == 302
        assert User.objects.get(pk=ada.pk).check_password("a much better passphrase")
        assert heard == [str(ada.pk)]

    def test_chosen_users_can_be_deactivated(self, staff, root, ada):

        staff.post(
            page_of(User, "changelist"), {"action": "deactivate", "_selected_action": [str(ada.pk)]}
        )

        assert not User.objects.get(pk=ada.pk).is_active
        assert User.objects.get(pk=root.pk).is_active

    def test_staff_cannot_raise_themselves_or_touch_a_superuser(
        self, root, browser_of, permissions
    ):
        clerk = User.objects.create_user("clerk@example.test", PASSWORD, is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="change_user"))
        client = browser_of(clerk)
        form = {
            "email": clerk.email,
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "base_currency": "EUR",
            "time_zone": "UTC",
            "locale": "en-US",
        }

        own = client.post(page_of(User, "change", clerk.pk), form)
        password = client.get(reverse("admin:auth_user_password_change", args=[root.pk]))

        assert own.status_code == 302
        assert not User.objects.get(pk=clerk.pk).is_superuser
        assert password.status_code == 403

    def test_people_without_powers_are_sent_to_the_sign_in(self, ada, browser_of):
        client = browser_of(ada)

        answer = client.get(page_of(User, "changelist"))

        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
