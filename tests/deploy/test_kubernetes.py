"""The manifests, held to Kubernetes' own schemas and to the rules of the house; they have not run on a cluster.

What other operators read (Strimzi, KEDA) has no published package of schemas: of those only names are compared.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.kubernetes import strimzi
from deploy.security.rights import ACCOUNTS, WRITE_BYTES_PER_S, Operation, Pattern, Resource, Right, rights_of
from models.settings import Settings
from models.topics import TopicSet

FOLDER = Path(strimzi.__file__).parent
KUBERNETES = "1.37"
OTHERS = ("kafka.strimzi.io/", "keda.sh/", "kustomize.config.k8s.io/")

RESOURCES = [
    resource for path in sorted(FOLDER.glob("*.yaml")) for resource in yaml.safe_load_all(path.read_text("utf-8"))
]
WORKLOADS = [resource for resource in RESOURCES if resource["kind"] in {"Deployment", "StatefulSet"}]


def name_of(resource: dict[str, Any]) -> str:
    return f"{resource['kind']} {resource.get('metadata', {}).get('name', '')}"


@pytest.mark.parametrize("resource", [it for it in RESOURCES if not it["apiVersion"].startswith(OTHERS)], ids=name_of)
def test_a_manifest_is_what_the_schema_says(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, KUBERNETES, strict=True)


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_a_process_runs_without_rights_and_is_judged_by_its_progress(workload: dict[str, Any]) -> None:
    pod = workload["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_each_setting_is_one_that_kawal_knows(workload: dict[str, Any]) -> None:
    [container] = workload["spec"]["template"]["spec"]["containers"]
    [shared] = [it["data"] for it in RESOURCES if it["kind"] == "ConfigMap"]
    known = {f"KAWAL_{name.upper()}" for name in Settings.model_fields}
    assert {it["name"] for it in container["env"]} | set(shared) <= known


def test_the_topics_are_those_of_the_live_set() -> None:
    assert (FOLDER / "topics.yaml").read_text("utf-8") == strimzi.topics()


def rights_in(user: dict[str, Any]) -> set[Right]:
    """What a KafkaUser allows, read as Strimzi does."""
    kinds = {"topic": Resource.TOPIC, "group": Resource.GROUP, "transactionalId": Resource.TRANSACTIONAL_ID}
    operations = {
        "Read": Operation.READ,
        "Write": Operation.WRITE,
        "Describe": Operation.DESCRIBE,
        "DescribeConfigs": Operation.DESCRIBE_CONFIGS,
    }
    patterns = {"literal": Pattern.LITERAL, "prefix": Pattern.PREFIXED}
    return {
        Right(
            kinds[it["resource"]["type"]],
            it["resource"]["name"],
            patterns[it["resource"]["patternType"]],
            operation,
        )
        for it in user["spec"].get("authorization", {}).get("acls", ())
        for operation in map(operations.__getitem__, it["operations"])
    }


def test_each_account_has_the_rights_of_the_table_and_its_limit() -> None:
    users = {it["metadata"]["name"].removeprefix("kawal-"): it for it in RESOURCES if it["kind"] == "KafkaUser"}
    assert tuple(users) == ACCOUNTS
    for account, user in users.items():
        assert rights_in(user) == rights_of(account, TopicSet()), account
        assert user["spec"].get("quotas", {}).get("producerByteRate") == WRITE_BYTES_PER_S.get(account)
        assert user["spec"].get("authorization", {"type": "simple"})["type"] == "simple"


def test_each_process_shows_the_certificate_of_its_own_account() -> None:
    for workload in WORKLOADS:
        volumes = workload["spec"]["template"]["spec"]["volumes"]
        assert {"name": "user", "secret": {"secretName": workload["metadata"]["name"]}} in volumes


def test_the_accounts_are_those_of_the_table() -> None:
    assert (FOLDER / "users.yaml").read_text("utf-8") == strimzi.users()


def test_more_workers_than_partitions_are_never_asked_for() -> None:
    [scaling] = [it for it in RESOURCES if it["kind"] == "ScaledObject"]
    assert scaling["spec"]["maxReplicaCount"] == TopicSet().partitions


def test_every_file_is_part_of_the_whole() -> None:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(path.name for path in FOLDER.glob("*.yaml"))


def test_kustomize_can_put_them_together() -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    subprocess.run([kubectl, "kustomize", str(FOLDER)], check=True, capture_output=True)
