"""Sorted lists follow an index instead of sorting what they find."""

import pytest
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower

from tests.plans import explain_uses_index


@pytest.fixture
def shelf(made):
    """A collection of books with an index that has them in order."""

    class Book(models.Model):
        owner = models.IntegerField()
        title = models.CharField(max_length=20)
        pages = models.IntegerField(default=0)

        class Meta:
            app_label = "common"
            indexes = (models.Index(fields=["owner", "-title", "-id"], name="books_of_owner"),)

        def __str__(self) -> str:
            return self.title

    books = made(Book)
    books.objects.bulk_create(
        books(owner=number % 3, title=f"Title {number // 2 % 40:02}", pages=-number)
        for number in range(300)
    )
    return books


def listed(books, *, using="default"):
    return books.objects.using(using).filter(owner=1).order_by("-title", "-id")


@pytest.mark.parametrize(
    "shaped",
    [
        lambda rows: rows,
        lambda rows: rows[:10],
        lambda rows: rows.filter(title__lt="Title 30")[:10],
        lambda rows: rows.values_list("title", "id", "pages")[:10],
        lambda rows: rows.values_list("pages")[:10],
        lambda rows: rows.only("pages")[:10],
        lambda rows: rows.annotate(leaves=F("pages") / 2)[:10],
        lambda rows: rows.reverse()[:10],
    ],
)
def test_a_list_in_the_order_of_an_index_is_not_sorted(shelf, shaped):
    explain_uses_index(shaped(listed(shelf)))


def test_the_order_and_the_rows_are_right(shelf):
    wanted = sorted(shelf.objects.filter(owner=1).values_list("title", "id", "pages"), reverse=True)

    assert [(row.title, row.pk, row.pages) for row in listed(shelf)] == wanted
    assert list(listed(shelf).values_list("title", "id", "pages")) == wanted
    assert list(listed(shelf).values_list("pages", flat=True)[5:9]) == [
        row[2] for row in wanted[5:9]
    ]


def test_what_is_computed_is_sorted_after_it_is_computed(shelf):
    rows = shelf.objects.annotate(turned=0 - F("pages")).order_by("turned")
    low = shelf.objects.annotate(lower=Lower("title")).order_by("-lower", "id").values_list("lower")

    assert [row.turned for row in rows] == sorted(row.turned for row in rows)
    assert list(low) == sorted(low, reverse=True)


def test_the_stock_backend_still_sorts_what_an_index_has_in_order(shelf, stock):
    with pytest.raises(AssertionError, match="sorts in memory"):
        explain_uses_index(listed(shelf, using="stock")[:10])
