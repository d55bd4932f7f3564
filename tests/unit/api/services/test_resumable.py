import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.api.errors import ApiError
from paksatalker.api.services.resumable import check_version, checksum_of, metadata_of, number_of


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_metadata_is_read_as_the_protocol_writes_it():
    assert metadata_of(f"filename {encoded('Ünal.wav')},is_confidential, filetype {encoded('audio/wav')}") == {
        "filename": "Ünal.wav",
        "is_confidential": "",
        "filetype": "audio/wav",
    }
    assert metadata_of("") == {}
    with pytest.raises(ApiError) as refused:
        metadata_of("filename no-base64!")
    assert refused.value.status == 400


@given(st.text(max_size=100))
def test_any_header_is_read_or_refused(header):
    for read in (metadata_of, checksum_of, lambda text: number_of(text, "Upload-Length")):
        with suppress(ApiError):
            read(header)


@given(st.integers(0, 10**18 - 1))
def test_counts_are_read(count):
    assert number_of(str(count), "Upload-Length") == count


@pytest.mark.parametrize("header", [None, "", "-1", "1.5", "1e3", " 1", "٣", "9" * 19])
def test_what_is_no_count_is_refused(header):
    with pytest.raises(ApiError) as refused:
        number_of(header, "Upload-Length")
    assert (refused.value.status, refused.value.code) == (400, "InvalidHeader")


def test_checksums_of_known_algorithms_only():
    assert checksum_of("") is None
    assert checksum_of("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=") == (
        "sha1",
        bytes.fromhex("2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
    )
    assert checksum_of("sha1") == ("sha1", b""), "which no piece has"
    for header in ("md5 AAAA", "sha1 ???"):
        with pytest.raises(ApiError) as refused:
            checksum_of(header)
        assert refused.value.status == 400


def test_only_one_version_is_spoken():
    check_version({"tus-resumable": "1.0.0"})
    for headers in ({}, {"tus-resumable": "0.2.2"}):
        with pytest.raises(ApiError) as refused:
            check_version(headers)
        assert refused.value.status == 412
        assert refused.value.headers == {"Tus-Version": "1.0.0"}
