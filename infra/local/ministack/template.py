"""What template.yaml needs changed for MiniStack, and nothing else.

Everything not named here is deployed as it stands, the policies above all.
"""

import io
import platform
import shlex
import zipfile
from pathlib import Path

PACKAGES = "packages"
# The types of what stands between callers and the API, and of what only an account has, by how they begin.
LEFT_OUT = (
    "AWS::ApiGateway::",
    "AWS::Backup::",
    "AWS::Budgets::",
    "AWS::CloudFront::",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::SES::ReceiptRule",
)


def read(path: Path) -> dict:
    """The template, with intrinsics in their long form."""
    from samtranslator.yaml_helper import yaml_parse

    return yaml_parse(path.read_text())


def adapt(template: dict, environment: dict, endpoint: str) -> None:
    """Changes the template for an emulator at `endpoint` on this machine."""
    machine = {"x86_64": "x86_64", "amd64": "x86_64"}.get(platform.machine().lower(), "arm64")
    template["Globals"]["Function"]["Architectures"] = [machine]
    # It is reached over plain HTTP, and enforces aws:SecureTransport.
    for policy in policies(template).values():
        policy["Statement"] = [it for it in policy["Statement"] if it.get("Sid") != "RefusePlainHttp"]
    for name, policy in policies(template).items():
        if not policy["Statement"]:
            del template["Resources"][name]
    # It does not know what a call of the key service is bound to, and refuses whoever must name it.
    for statement in statements(template):
        if statement.get("Sid") in ("TokenKey", "RecordKey"):
            del statement["Condition"]
    # It has no distributions, and no REST API that stores objects: large uploads have no way here, and
    # the API has no host but its own.
    left_out = [name for name, it in resources(template).items() if it["Type"].startswith(LEFT_OUT)]
    for name in left_out:
        del template["Resources"][name]
    # Nor has it alarms that divide one metric by another.
    del template["Resources"]["Fn::ForEach::BurnRates"]
    del template["Resources"]["UploadAuthorizerPermission"]
    leave_out_sockets(template)
    # It compares what a parameter says as the text that it is, where AWS makes a number of it.
    for function in functions(template):
        for event in function.get("Events", {}).values():
            scaling = event["Properties"].get("ScalingConfig")
            if scaling:
                workers = template["Parameters"][scaling["MaximumConcurrency"]["Ref"]]
                scaling["MaximumConcurrency"] = int(workers["Default"])
    template["Outputs"]["ApiUrl"]["Value"] = {"Ref": "PublicUrl"}
    for resource in functions(template):
        variables = resource.setdefault("Environment", {}).setdefault("Variables", {})
        if "PUBLIC_URL" in variables:
            variables["PUBLIC_URL"] = {"Ref": "PublicUrl"}
    services = {f"AWS_ENDPOINT_URL_{it}": endpoint for it in ("DYNAMODB", "S3", "SQS", "KMS", "SECRETS_MANAGER")}
    for resource in functions(template):
        resource["Environment"]["Variables"].update(services | environment)


def leave_out_sockets(template: dict) -> None:
    """It has no WebSocket APIs: tickets lead nowhere, nobody is connected, and apps poll."""
    sockets = {"Ref": "SocketApi"}
    for name, it in resources(template).items():
        if it.get("Properties", {}).get("ApiId") == sockets:
            del template["Resources"][name]
    del template["Resources"]["SocketApi"]
    del template["Resources"]["SocketPermission"]
    for policy in policies(template).values():
        policy["Statement"] = [it for it in policy["Statement"] if it.get("Sid") != "Connections"]
    for function in functions(template):
        variables = function.get("Environment", {}).get("Variables", {})
        if "SOCKET_URL" in variables:
            variables["SOCKET_URL"] = "ws://127.0.0.1:9/live"


def resources(template: dict) -> dict:
    """The resources that are written out. Loops are MiniStack's to unfold."""
    return {name: it for name, it in template["Resources"].items() if not name.startswith("Fn::ForEach::")}


def policies(template: dict) -> dict:
    """The policies of buckets, queues and roles that are resources of their own, by resource."""
    documents = {name: it.get("Properties", {}).get("PolicyDocument") for name, it in resources(template).items()}
    return {name: it for name, it in documents.items() if it}


def statements(template: dict) -> list:
    """What policies permit and refuse."""
    return [statement for document in policies(template).values() for statement in document["Statement"]]


def functions(template: dict) -> list:
    """The properties of each function."""
    kind = "AWS::Serverless::Function"
    return [it["Properties"] for it in resources(template).values() if it["Type"] == kind]


def packages(template: dict, binaries: dict):
    """Points each function at its package; the packages' names and bytes."""
    for function in functions(template):
        package = Path(function["CodeUri"]).name
        function["CodeUri"] = f"s3://{PACKAGES}/{package}.zip"
        yield f"{package}.zip", zipped(binaries[package])


def zipped(binary: str) -> bytes:
    """A package whose bootstrap starts the binary where cargo put it.

    The emulator runs on this machine; copies of debug builds would be 140 MB each.
    """
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, f"#!/bin/sh\nexec {shlex.quote(binary)}\n")
    return package.getvalue()


def cors(template: dict, parameters: dict) -> dict:
    """The gateway's CORS settings, with the one intrinsic in them resolved."""
    settings = dict(template["Resources"]["Api"]["Properties"]["CorsConfiguration"])
    settings["AllowOrigins"] = parameters["WebOrigins"].split(",")
    return settings
