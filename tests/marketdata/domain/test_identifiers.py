"""What identifies a share everywhere."""

import pytest

from marketdata.domain.identifiers import Identified, is_figi, one_share_class


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("BBG000BLNNH6", True, id="published"),
        pytest.param("BBG001S5S399", True, id="a share class"),
        # Worked out in the description of the check digit.
        pytest.param("BBG000BLNQ16", True, id="the worked example"),
        pytest.param("BBG000BLNQ15", False, id="another check digit"),
        pytest.param("BBG000BLNHN6", False, id="two letters exchanged"),
        pytest.param("bbg000BLNNH6", False, id="small letters"),
        pytest.param("BBG000BLANH6", False, id="a vowel"),
        pytest.param("GBG000BLNNH6", False, id="what may begin an ISIN"),
        pytest.param("US4592001014", False, id="an ISIN"),
        pytest.param("BBG000BLNNH٦", False, id="a digit of another script"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_figi_is_known_by_its_form_and_check_digit(text, expected):
    assert is_figi(text) is expected


def test_only_one_share_class_is_certain():
    one, other = "BBG001S5S399", "BBG001S5PQL7"

    assert one_share_class([one, one]) == Identified(share_class_figi=one)
    assert one_share_class([]) == Identified()
    several = one_share_class([one, other])
    assert not several.share_class_figi
    assert other in several.problem
