"""A Butler client reads by HTTP what the Butler of the repository reads, and nothing else comes of it."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
from astropy.io import fits
from astropy.time import Time
from support.serving import serving
from support.sky_files import pixels, simple

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from lsst.daf.butler import Butler, DatasetNotFoundError, InvalidQueryError, Timespan
from lsst.daf.butler.remote_butler import ButlerServerError
from lsst.daf.butler.remote_butler._factory import RemoteButlerFactory

from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.processes import images
from sciplat.repository import readers

pytestmark = [
    pytest.mark.slow,
    # The Butler leaves the sockets by which it fetched files to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("sockets_left_behind"),
]

CARDS = {"INSTRUME": "CDK17", "EXPTIME": 60.0}
TYPE = "visit_image"


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    files = tmp_path_factory.mktemp("files")
    for number, (release, day) in enumerate((("open", 1), ("open", 2), ("closed", 3), ("lying", 4)), start=1):
        simple(
            files / release / f"im{number}_ooi_g.fits", number, FILTER="g" if day % 2 else "r",
            DATE_OBS=f"2026-03-0{day}T20:00:00", **CARDS,
        )  # fmt: skip
    fits.writeto(files / "lying" / "im4_ood_g.fits", np.ones(pixels().shape, np.int16))
    made = Instance.open(tmp_path_factory.mktemp("instance") / "home")
    made.images.ingest.ingest("open", [files / "open"], public=True)
    made.images.ingest.ingest("closed", [files / "closed"])
    made.images.ingest.ingest("lying", [files / "lying"], public=True, in_place=True)
    made.identity.create_user("ada")
    return made


@pytest.fixture(scope="module")
def url(instance):
    with serving(images.create_app(instance)) as address:
        yield address


@pytest.fixture(scope="module")
def token(instance):
    def of(*scopes):
        return instance.identity.create_token("ada", name="test", scopes=frozenset(scopes)).text

    return of


def repo(url, release):
    return f"{url}/api/butler/repo/{release}"


@pytest.fixture
def remote(url, token):
    """A stock client, as the Rubin Science Platform's own services open it."""

    opened = []

    def of(release, text=None, **options):
        factory = RemoteButlerFactory.create_factory_for_url(f"{repo(url, release)}/butler.yaml")
        opened.append(factory.http_client)
        return factory.create_butler_for_access_token(text or token(Scope.READ_IMAGE), **options)

    yield of
    for client in opened:
        client.close()


def direct(instance, release):
    return instance.images.repositories.open(release).butler


def test_a_stock_client_opens_it_with_a_token_from_its_environment(instance, url, token, monkeypatch):
    monkeypatch.setenv("BUTLER_RUBIN_ACCESS_TOKEN", token(Scope.READ_IMAGE))

    butler = Butler(f"{repo(url, 'closed')}/butler.yaml", collections="closed")

    (ref,) = butler.query_datasets(TYPE)
    np.testing.assert_array_equal(butler.get(ref).image, pixels(3))


def test_queries_and_datasets_are_those_of_the_direct_butler(instance, remote):
    here, there = direct(instance, "open"), remote("open")
    span = Timespan(Time("2026-03-01T00:00:00"), Time("2026-03-02T00:00:00"))
    asked = [
        {},
        {"where": "band = 'g'"},
        {"where": "visit_detector_region.region OVERLAPS POINT(10.0, 20.0)"},
        {"where": "visit.timespan OVERLAPS span", "bind": {"span": span}},
        {"with_dimension_records": True, "order_by": "visit.timespan.begin"},
    ]
    for query in asked:
        found = [
            butler.query_datasets(TYPE, collections="open", explain=False, **query)
            for butler in (here, there)
        ]
        assert sorted(found[0]) == sorted(found[1]), query
    refs = there.query_datasets(TYPE, collections="open")
    assert len(refs) == 2
    assert there.collections.query_info("*") == here.collections.query_info("*")
    assert {t.name for t in there.registry.queryDatasetTypes()} == {
        t.name for t in here.registry.queryDatasetTypes()
    }
    for ref in refs:
        mine, theirs = here.get(ref), there.get(ref)
        for plane in ("image", "mask", "variance"):
            np.testing.assert_array_equal(getattr(mine, plane), getattr(theirs, plane))
        assert mine.header == theirs.header
        box = {"bbox": (3, 4, 20, 25)}
        np.testing.assert_array_equal(
            here.get(ref, parameters=box).image, there.get(ref, parameters=box).image
        )
        part = ref.makeComponentRef("wcs")
        assert here.get(part).to_header() == there.get(part).to_header()
        by_id = there.get(f"{TYPE}.image", dict(ref.dataId.required), collections="open", parameters=box)
        np.testing.assert_array_equal(by_id, mine.image[4:25, 3:20])
    with there.query() as query:
        rows = query.join_dataset_search(TYPE, "open").general(
            ["visit", "detector"], dimension_fields={"visit": {"exposure_time"}}
        )
        assert sorted(row["visit.exposure_time"] for row in rows) == [60.0, 60.0]
        assert query.datasets(TYPE, "open").count() == 2


def test_files_are_had_by_their_addresses_and_by_transfers(instance, remote, tmp_path):
    there = remote("open")
    ref = there.query_datasets(TYPE, collections="open")[0]

    uri = there.getURI(ref)
    (got,) = there.retrieveArtifacts([ref], f"{tmp_path}/got/", preserve_path=False)

    whole = Path(direct(instance, "open").getURI(ref).ospath).read_bytes()
    assert uri.read() == whole
    assert uri.exists()
    assert uri.size() == len(whole)
    assert Path(got.ospath).read_bytes() == whole
    assert there.exists(ref)


def test_what_is_ingested_later_is_there_at_once(instance, remote, tmp_path):
    there = remote("open")
    before = there.query_datasets(TYPE, collections="open")
    made = simple(
        tmp_path / "im9.fits", 9, FILTER="z", DATE_OBS="2026-03-09T20:00:00", EXPTIME=30.0, INSTRUME="Other"
    )

    instance.images.ingest.ingest("open", [made], public=True)
    instance.images.ingest.ingest("later", [made], public=True)

    after = there.query_datasets(TYPE, collections="open")
    assert len(after) == len(before) + 1
    (new,) = there.query_datasets(TYPE, collections="open", where="instrument = 'Other'")
    np.testing.assert_array_equal(there.get(new).image, pixels(9))
    assert len(remote("later").query_datasets(TYPE, collections="later")) == 1
    direct(instance, "open").registry.refresh()
    instance.images.repositories.open("open", writeable=True).remove([new])
    with pytest.raises(DatasetNotFoundError):
        there.get(new)


def test_images_in_files_of_others_come_as_ours(remote, instance):
    there = remote("lying")
    (ref,) = there.query_datasets(TYPE, collections="lying")

    got = there.get(ref)

    np.testing.assert_array_equal(got.image, pixels(4))
    mine = direct(instance, "lying").get(ref)
    np.testing.assert_array_equal(got.mask, mine.mask)
    assert there.getURI(ref).getExtension() == ".fits"
    assert "/" not in str(there.getURI(ref).basename())


def test_nobody_reads_what_is_not_public_and_none_tell_it_from_what_is_not_there(url, token, remote):
    body = {"dataset_ids": [str(uuid.uuid4())]}

    def statuses(**headers):
        return [
            requests.post(
                f"{repo(url, name)}/v1/datasets", json=body, headers=headers, timeout=30
            ).status_code
            for name in ("open", "closed", "none", "op%00en")
        ]

    bearer = {name: f"Bearer {token(*scopes)}" for name, scopes in
              {"image": [Scope.READ_IMAGE], "tap": [Scope.READ_TAP]}.items()}  # fmt: skip
    assert statuses() == [200, 401, 401, 401]
    assert statuses(Authorization=bearer["image"]) == [200, 200, 404, 404]
    assert statuses(Authorization=bearer["tap"]) == [403] * 4
    assert statuses(Authorization="Bearer sp-wrong") == [401] * 4
    seen = requests.get(f"{repo(url, 'closed')}/butler.yaml", timeout=30)
    assert seen.json() == requests.get(f"{repo(url, 'none')}/butler.yaml", timeout=30).json()
    with pytest.raises(ButlerServerError) as refused:
        remote("none").query_datasets(TYPE, collections="*")
    assert refused.value.status_code == 404


def test_an_address_opens_its_file_alone_until_it_expires(instance, url, remote, monkeypatch):
    there = remote("open")
    one, other = there.query_datasets(TYPE, collections="open")
    first, second = str(there.getURI(one)), str(there.getURI(other))
    (path, query), (other_path, _) = first.split("?"), second.split("?")

    assert requests.get(first, timeout=30).status_code == 200
    assert requests.get(first, headers={"Range": "bytes=0-9"}, timeout=30).status_code == 206
    for wrong in (
        path,
        f"{path}?expires=1",
        f"{other_path}?{query}",
        first.replace("/open/", "/closed/"),
        f"{first[:-2]}{'AA' if not first.endswith('AA') else 'BA'}",
        first.replace("expires=", "expires=9"),
        first.replace("signature=", "signature=%ff%00"),
        f"{path}/../../../secret?{query}",
        first.replace(str(one.id), "..%2f..%2f..%2fsciplat.yaml"),
        first.replace(".fits", ".fits%2f..%2f..%2f..%2fbutler.yaml"),
    ):
        answer = requests.get(wrong, timeout=30)
        assert answer.status_code in (400, 404), wrong
        assert set(answer.json()["error"]) >= {"code", "message"}
    later = int(query.partition("expires=")[2].partition("&")[0])
    monkeypatch.setattr(instance.images.lend, "_clock", lambda: later)
    assert requests.get(first, timeout=30).status_code == 403
    monkeypatch.undo()
    assert 3500 < later - instance.images.lend._clock() <= 3600
    assert (instance.home / "file-signing.key").stat().st_mode & 0o777 == 0o600


def test_an_address_ends_with_the_dataset(instance, remote, tmp_path):
    made = simple(tmp_path / "im8.fits", 8, FILTER="z", DATE_OBS="2026-03-08T20:00:00", **CARDS)
    instance.images.ingest.ingest("short", [made], public=True)
    there = remote("short")
    (ref,) = there.query_datasets(TYPE, collections="short")
    address = str(there.getURI(ref))
    assert requests.get(address, timeout=30).status_code == 200

    instance.images.repositories.open("short", writeable=True).remove([ref])

    assert requests.get(address, timeout=30).status_code == 404


def test_nothing_can_be_written(url, token):
    bearer = {"Authorization": f"Bearer {token(Scope.READ_IMAGE)}"}
    for path in ("v1/universe", "v1/datasets", "v1/query/execute", "butler.yaml"):
        for method in ("PUT", "DELETE", "PATCH"):
            answer = requests.request(method, f"{repo(url, 'open')}/{path}", headers=bearer, timeout=30)
            assert answer.status_code == 405


FIND = {"dataset_type": TYPE, "data_id": {}, "collections": ["open"], "timespan": None}
HOSTILE = [
    ("query/execute", b"{"),
    ("query/execute", b"[" * 100_000),
    ("query/execute", b'{"query":' * 5_000),
    ("query/execute", b"\xff\xfe"),
    ("query/execute", {"query": {"tree": {}}, "result_spec": {"result_type": "x"}}),
    ("datasets", {"dataset_ids": ["x"] * 10_001}),
    ("query/all_datasets", {"where": "visit = 1" * 6000}),
    ("query/execute", {"query": "x" * 1_100_000}),
    ("datasets", {"dataset_ids": [str(uuid.UUID(int=0))] * 10_001}),
    ("expand_data_id", {"data_id": {"nothing": 1}}),
    ("expand_data_id", {"data_id": {"instrument": "CDK17", "visit": 10**30}}),
    ("expand_data_id", {"data_id": {"instrument": "\0"}}),
    ("expand_data_id", {"data_id": {"visit": "x", "instrument": 3}}),
    ("find_dataset", FIND | {"dataset_type": "none", "collections": ["*"]}),
    ("find_dataset", FIND),
    ("find_dataset", FIND | {"data_id": {"visit": 1.5}}),
    ("get_file_by_data_id", FIND | {"data_id": {"visit": 2**70}, "collections": ["["]}),
    ("query_dataset_types", {"search": ["[" * 1000]}),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_requests_are_refused(url, number):
    path, body = HOSTILE[number]

    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = requests.post(
        f"{repo(url, 'open')}/v1/{path}", data, headers={"Content-Type": "application/json"}, timeout=60
    )

    assert answer.status_code < 500, answer.text[:500]
    assert "Traceback" not in answer.text
    assert "SELECT" not in answer.text
    assert len(answer.content) < 20_000
    assert requests.get(f"{repo(url, 'open')}/v1/universe", timeout=10).status_code == 200


@pytest.mark.parametrize(
    "where",
    [
        "(" * 3000 + "visit = 1" + ")" * 3000,
        "NOT " * 3000 + "visit = 1",
        " OR ".join(f"visit = {k}" for k in range(2000)),
        "visit IN (" + ", ".join(str(k) for k in range(2000)) + ")",
        "visit = 99999999999999999999999",
        "nothing = 1",
        "visit = 'x",
        "visit.timespan OVERLAPS (T'1970-01-01', T'2100-01-01')",
        "visit_detector_region.region OVERLAPS POINT(1e999, nan)",
    ],
)
def test_hostile_expressions_are_refused_in_the_words_of_the_client(url, where):
    body = {
        "collections": ["open"], "name": [TYPE], "find_first": True, "data_id": {}, "where": where,
        "bind": {}, "limit": None, "with_dimension_records": False,
    }  # fmt: skip

    answer = requests.post(f"{repo(url, 'open')}/v1/query/all_datasets", json=body, timeout=120)

    assert answer.status_code == 200
    for line in answer.text.splitlines():
        assert json.loads(line)["type"] in ("dataset_ref", "error", "keep-alive"), line[:300]


def test_a_query_ends_when_its_time_is_up(instance, url, remote, monkeypatch):
    monkeypatch.setattr(instance.images.readers, "_seconds", 0.0)
    monkeypatch.setattr(readers, "_STEPS", 1)
    there = remote("open")
    assert there.dimensions

    with pytest.raises(InvalidQueryError, match="longer than it may"):
        there.query_datasets(TYPE, collections="*", find_first=False)


def test_twenty_clients_read_boxes_at_one_time(instance, remote):
    here = direct(instance, "open")
    refs = here.query_datasets(TYPE, collections="open")
    whole = {ref.id: here.get(ref).image for ref in refs}
    start = threading.Barrier(20)

    def read(number):
        there = remote("open")
        start.wait(60)
        for step in range(3):
            ref = refs[(number + step) % len(refs)]
            x, y = number, step
            got = there.get(ref, parameters={"bbox": (x, y, x + 8, y + 8)})
            np.testing.assert_array_equal(got.image, whole[ref.id][y : y + 8, x : x + 8])
        return len(there.query_datasets(TYPE, collections="open"))

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(read, range(20))) == {len(refs)}
