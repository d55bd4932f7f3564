from pathlib import Path

from PIL import Image

from paksatalker.core.rendering import scene_cache
from paksatalker.core.rendering.scene_cache import SceneCache


def photo(path: Path, colour: str) -> Path:
    Image.new("RGB", (8, 8), colour).save(path)
    return path


def test_a_scene_is_known_by_its_contents(tmp_path: Path, monkeypatch) -> None:
    made = []

    def set_scene(image, store, **options):
        made.append((image, options))
        return object()

    monkeypatch.setattr(scene_cache, "set_scene", set_scene)
    cache = SceneCache(None)
    one, same, other = (photo(tmp_path / f"{n}.png", c) for n, c in enumerate(("red", "red", "blue")))
    first = cache.get(one, face=None, size=128, background="keep")
    assert cache.get(same, face=None, size=128, background="keep") is first
    assert cache.get(str(one), size=128, background="keep", face=None) is first
    for changed in ({"size": 160}, {"face": 2}, {"background": other}, {"background": "blur"}):
        again = cache.get(one, **{"face": None, "size": 128, "background": "keep"} | changed)
        assert again is not first
    assert cache.get(other, face=None, size=128, background="keep") is not first
    photo(other, "green")
    assert cache.get(other, face=None, size=128, background="keep") is not None
    assert len(made) == 7
    picture = Image.new("RGB", (8, 8))
    assert cache.get(picture, size=128) is not cache.get(picture, size=128), "only files are compared"
    last = cache.get(one, size=128)
    cache.clear()
    assert cache.get(one, size=128) is not last
