"""The calls that many steps make, and what later steps need of earlier ones."""

import base64
import hashlib
import io
import json
import os
import sys
import time
import zipfile

import huaweicloudsdkfunctiongraph.v2 as fg
import huaweicloudsdklts.v2 as lts

import typed
from judge import check, equal, wait

REGION = "cn-north-4"


# What every answer that describes a function has, if its class has such a field.
FUNCTION = (
    "func_id func_urn func_name domain_id namespace project_name package runtime timeout handler "
    "memory_size cpu code_type code_size digest version image_name last_modified strategy_config "
    "resource_id ephemeral_storage long_time type enable_auth_in_header is_return_stream "
    "reserved_instance_count"
).split()


def package(variable):
    with open(os.environ[variable], "rb") as file:
        return file.read()


def echo_package():
    """A zip file with a function in Python, as a package of the custom runtime."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "echo.py")
    with open(source, encoding="utf-8") as file:
        text = f"#!{sys.executable}\n{file.read()}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap", (2026, 1, 1, 0, 0, 0))
        entry.external_attr = 0o100755 << 16
        entry.create_system = 3
        archive.writestr(entry, text)
    return out.getvalue()


def digest(content):
    return hashlib.sha512(content).hexdigest()


def encoded(content):
    return base64.b64encode(content).decode()


def create_body(name, content, **settings):
    fields = dict(
        func_name=name,
        package="default",
        runtime="Custom",
        timeout=30,
        handler="bootstrap",
        memory_size=128,
        code_type="zip",
        code_filename=f"{name}.zip",
        func_code=fg.FuncCode(file=encoded(content)),
        type="v2",
        enable_lts_log=True,
    )
    fields.update(settings)
    return fg.CreateFunctionRequestBody(**fields)


def create(name, content, **settings):
    body = create_body(name, content, **settings)
    return life.functions.create_function(fg.CreateFunctionRequest(body=body))


def bare(urn):
    """The URN without its version, as Terraform cuts it."""
    return urn.rsplit(":", 1)[0]


def invoke(urn, event, tail=False):
    request = fg.InvokeFunctionRequest(
        function_urn=urn,
        x_cff_log_type="tail" if tail else None,
        x_cff_request_version="v1",
        body=event,
    )
    answer = life.functions.invoke_function(request)
    typed.answer(answer, "request_id", "result", "status")
    return answer


def order(urn, **more):
    """Invokes the function of the example `state`, and returns the word with which it greets."""
    answer = invoke(urn, {"item": "tea", "name": "Ada"}, **more)
    equal(answer.status, 200, "the status in the answer")
    return json.loads(answer.result)["text"].split("!")[0]


def config(urn):
    return life.functions.show_function_config(fg.ShowFunctionConfigRequest(function_urn=urn))


def asynchronous(urn, request_id):
    request = fg.ListAsyncInvocationsRequest(function_urn=urn, request_id=request_id)
    answer = typed.answer(life.functions.list_async_invocations(request), "invocations", "count")
    found = [one for one in answer.invocations if one.request_id == request_id]
    check(len(found) <= 1, "two records of one request:", answer)
    return found[0] if found else None


def ended(urn, request_id):
    """The record of an asynchronous invocation that has ended."""

    def ask():
        record = asynchronous(urn, request_id)
        return record if record and record.status not in ("WAIT", "RUNNING") else None

    return wait(f"the end of {request_id}", ask)


def logs(detail, keywords, **more):
    now = int(time.time() * 1000)
    body = lts.QueryLtsLogParams(
        start_time=str(now - 3_600_000),
        end_time=str(now + 60_000),
        keywords=keywords,
        highlight=False,
        **more,
    )
    request = lts.ListLogsRequest(
        log_group_id=detail.group_id, log_stream_id=detail.stream_id, body=body
    )
    answer = typed.answer(life.log_service.list_logs(request), "count", "logs", "isQueryComplete")
    for line in answer.logs:
        check(line.content and line.line_num, "a line without content or number:", line)
    return answer.logs


def log_detail(urn):
    answer = life.functions.show_lts_log_details(fg.ShowLtsLogDetailsRequest(function_urn=urn))
    return typed.answer(answer, "group_name", "group_id", "stream_name", "stream_id")


class Life:
    """The clients, and what later steps need of earlier ones: the first steps set all of it."""


life = Life()
