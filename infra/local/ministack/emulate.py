#!/usr/bin/env python3
"""Deploys template.yaml to MiniStack, an AWS emulator that enforces IAM.

Started by `cargo run -p vara-local -- --on ministack`, which writes one line of JSON to
standard input (`plan` in src/ministack/mod.rs). Answers with one line of JSON once
the stack is up. When standard input ends, gathers what the functions logged, ends the
emulator, and fails if a function was refused anything: such a policy is wrong even if no
test noticed.

The scheduled function is invoked once for the same reason.

Needs Python 3.10 or newer and, the first time, the Python package registry; makes its own
virtual environment under target/. What the template needs changed for the emulator is all
in template.py, with the reasons.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
HOME = ROOT / "target" / "ministack-venv"
REGION = "eu-central-1"
STACK = "vara"
# What the services say when a policy does not allow a call.
REFUSALS = ("AccessDenied", "is not authorized to perform")


def say(text: str) -> None:
    """Tells the person; standard output is for the program that started us."""
    print(text, file=sys.stderr, flush=True)


def enter_environment() -> None:
    """Goes on inside the virtual environment, which is made when missing or outdated."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    stamp = HOME / "installed"
    python = HOME / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        if sys.version_info < (3, 10):
            sys.exit("missing: Python 3.10 or newer")
        try:
            import ensurepip  # noqa: F401
            import venv
        except ImportError:
            sys.exit("missing: Python's venv (apt install python3-venv)")
        say("Installing MiniStack into target/ministack-venv")
        venv.create(HOME, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # Not our standard output: a line there would be taken for the answer.
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    os.execv(python, [str(python), __file__, "--inside"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """MiniStack as a process, with nothing kept and nothing of the caller's environment."""

    def __init__(self, directory: Path, logs: Path):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(directory),
            "TMPDIR": str(directory),
            "S3_DATA_DIR": str(directory / "s3"),
            "STATE_DIR": str(directory / "state"),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "IOT_MTLS_ENABLED": "false",
            "SFTP_ENABLED": "false",
        }
        with open(logs / "ministack.log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ministack"], env=environment, cwd=directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def wait(self) -> None:
        """Returns when it answers."""
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("MiniStack does not start")

    def client(self, service: str):
        """A client with the rights of the account's root, which the deployment has."""
        import boto3

        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION,
                            aws_access_key_id="test", aws_secret_access_key="test")

    def end(self) -> None:
        """Ends it and waits until it is gone."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def deploy(emulator: Emulator, plan: dict) -> dict:
    """Uploads and creates the stack as `sam deploy` does; its outputs."""
    import template

    s3, formation = emulator.client("s3"), emulator.client("cloudformation")
    s3.create_bucket(Bucket=template.PACKAGES, CreateBucketConfiguration={"LocationConstraint": REGION})
    adapted = template.read(Path(plan["template"]))
    template.adapt(adapted, plan["environment"], emulator.endpoint)
    for name, package in template.packages(adapted, plan["binaries"]):
        s3.put_object(Bucket=template.PACKAGES, Key=name, Body=package)
    parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in plan["parameters"].items()]
    # By way of the bucket, as `sam deploy` does: a request takes 51,200 bytes, an object 1 MB.
    s3.put_object(Bucket=template.PACKAGES, Key="template.json", Body=json.dumps(adapted).encode())
    url = f"{emulator.endpoint}/{template.PACKAGES}/template.json"
    formation.create_stack(StackName=STACK, TemplateURL=url, Parameters=parameters,
                           Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
    outputs = created(formation)
    gateway = emulator.client("apigatewayv2")
    api = gateway.get_apis()["Items"][0]["ApiId"]
    if not gateway.get_routes(ApiId=api)["Items"]:
        raise RuntimeError("the gateway was deployed without routes")
    # Its CloudFormation leaves this out.
    gateway.update_api(ApiId=api, CorsConfiguration=template.cors(adapted, plan["parameters"]))
    return {"api": f"{emulator.endpoint}/_aws/execute-api/{api}/$default", "outputs": outputs}


def created(formation) -> dict:
    """Waits for the stack; its outputs, or why it failed."""
    while True:
        stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    if stack["StackStatus"] == "CREATE_COMPLETE":
        return {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}
    events = formation.describe_stack_events(StackName=STACK)["StackEvents"]
    why = [f"{it['LogicalResourceId']}: {it.get('ResourceStatusReason')}"
           for it in events if it["ResourceStatus"].endswith("_FAILED")]
    raise RuntimeError("\n".join([f"the stack ended as {stack['StackStatus']}", *why]))


def tick(emulator: Emulator) -> list:
    """Invokes what the schedule would, as it would; its minute has hardly passed. What failed."""
    events, functions = emulator.client("events"), emulator.client("lambda")
    targets = [it["Arn"] for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")
               for it in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]]
    failures = [] if targets else ["no schedule was deployed"]
    event = {"version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "source": "aws.events",
             "account": "000000000000", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
             "region": REGION, "resources": [], "detail": {}}
    for target in targets:
        answer = functions.invoke(FunctionName=target, Payload=json.dumps(event))
        if "FunctionError" in answer:
            failures.append(f"the scheduled function failed: {answer['Payload'].read().decode()}")
    return failures


def gather(emulator: Emulator, logs: Path) -> list:
    """Writes what each function logged beside the emulator's own log; the refusals in it."""
    client = emulator.client("logs")
    refusals = []
    for page in client.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=name)
            lines = [event["message"].rstrip("\n") for page in pages for event in page["events"]]
            (logs / f"{name.rsplit('/', 1)[-1]}.log").write_text("".join(f"{line}\n" for line in lines))
            refusals += [f"refused by a policy of template.yaml: {name}: {line}"
                         for line in lines if any(it in line for it in REFUSALS)]
    return refusals


def main() -> int:
    """0 when the stack came up and no function was refused anything."""
    if sys.argv[1:] != ["--inside"]:
        enter_environment()
    for name in [it for it in os.environ if it.startswith("AWS_")]:
        # Nothing here may reach an account.
        del os.environ[name]
    plan = json.loads(sys.stdin.readline())
    directory, logs = Path(plan["directory"]), Path(plan["logs"])
    directory.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    emulator = Emulator(directory, logs)
    try:
        emulator.wait()
        print(json.dumps(deploy(emulator, plan)), flush=True)
        sys.stdin.read()
        failures = tick(emulator) + gather(emulator, logs)
    except Exception as error:
        say(f"{type(error).__name__}: {error}\nThe emulator's log is {logs / 'ministack.log'}")
        return 1
    finally:
        emulator.end()
    for failure in failures:
        say(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
