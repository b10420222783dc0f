"""The life of functions, through the official SDK for Python as it is: everything about the server comes from the
environment, with the variables that the SDK documents.

HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, HUAWEICLOUD_SDK_IAM_ENDPOINT,
HUAWEICLOUD_SDK_REGION_{FUNCTIONGRAPH,LTS,IAM}_CN_NORTH_4   where the server is, and a key pair that it knows
FG_SDK_STATE, FG_SDK_GREET, FG_SDK_TIMER_CLEANUP            zip files, made by `cargo fg package` of examples

Each step is a function below, in this order; a step that fails is reported with the last exchange, and the next goes on.
The exit code is the number of failed steps, at most 100.
"""

import base64
import contextlib
import datetime
import hashlib
import io
import json
import os
import sys
import time
import traceback
import warnings
import zipfile

import huaweicloudsdkfunctiongraph.v2 as fg
import huaweicloudsdkiam.v3 as iam
import huaweicloudsdklts.v2 as lts
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkcore.http.http_handler import HttpHandler
from huaweicloudsdkcore.warning.warning import SdkWarning
from huaweicloudsdkfunctiongraph.v2.region.functiongraph_region import FunctionGraphRegion
from huaweicloudsdkiam.v3.region.iam_region import IamRegion
from huaweicloudsdklts.v2.region.lts_region import LtsRegion

import typed
from typed import Wrong

REGION = "cn-north-4"
# What every answer that describes a function has, if its class has such a field.
FUNCTION = """func_id func_urn func_name domain_id namespace project_name package runtime timeout handler memory_size cpu
    code_type code_size digest version image_name last_modified strategy_config resource_id ephemeral_storage long_time
    type enable_auth_in_header is_return_stream reserved_instance_count""".split()
PATIENCE = 60
STEPS = []


def step(function):
    STEPS.append(function)
    return function


def check(condition, *words):
    if not condition:
        raise Wrong(" ".join(str(word) for word in words))


def equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def wait(what, ask, seconds=PATIENCE):
    """Asks until the answer is something, and returns it."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        check(time.monotonic() < end, f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Exchanges:
    """The last request and its answer, for the report of a failed step."""

    def __init__(self):
        self.last = None

    def remember(self, response, **_):
        self.last = response

    def __str__(self):
        if self.last is None:
            return "    no answer yet"
        request = self.last.request
        sent = request.body.decode(errors="replace") if isinstance(request.body, bytes) else request.body
        return (
            f"    > {request.method} {request.url}\n    > {(sent or '')[:300]}\n"
            f"    < {self.last.status_code} {dict(self.last.headers)}\n    < {self.last.text[:1200]}"
        )


EXCHANGES = Exchanges()


def client(kind, region):
    handler = HttpHandler().add_response_handler(EXCHANGES.remember)
    return kind.new_builder().with_region(region).with_http_handler(handler).build()


@contextlib.contextmanager
def refused(status, code=None, kind=exceptions.ClientRequestException):
    """Something that the server has to refuse, as an exception with everything that the SDK takes from it."""
    try:
        yield
    except exceptions.ServiceResponseException as error:
        equal(type(error), kind, "the exception")
        equal(error.status_code, status, "the status")
        if code:
            equal(error.error_code, code, "the code")
        check(error.error_code and error.error_msg, "a code and a message are missing")
        # The SDK puts the body there if it has no message of its own.
        check(not error.error_msg.startswith("{"), "the message is the body:", error.error_msg)
        check(error.request_id, "X-Request-Id is missing")
    else:
        raise Wrong(f"nothing was refused, but {status} {code or ''} was expected")


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
        func_name=name, package="default", runtime="Custom", timeout=30, handler="bootstrap", memory_size=128,
        code_type="zip", code_filename=f"{name}.zip", func_code=fg.FuncCode(file=encoded(content)), type="v2",
        enable_lts_log=True,
    )
    fields.update(settings)
    return fg.CreateFunctionRequestBody(**fields)


def create(name, content, **settings):
    body = create_body(name, content, **settings)
    return functions.create_function(fg.CreateFunctionRequest(body=body))


def bare(urn):
    """The URN without its version, as Terraform cuts it."""
    return urn.rsplit(":", 1)[0]


def invoke(urn, event, tail=False):
    request = fg.InvokeFunctionRequest(
        function_urn=urn, x_cff_log_type="tail" if tail else None, x_cff_request_version="v1", body=event,
    )
    answer = functions.invoke_function(request)
    typed.answer(answer, "request_id", "result", "status")
    return answer


def order(urn, **more):
    """Invokes the function of the example `state`, and returns the word with which it greets."""
    answer = invoke(urn, {"item": "tea", "name": "Ada"}, **more)
    equal(answer.status, 200, "the status in the answer")
    return json.loads(answer.result)["text"].split("!")[0]


def config(urn):
    return functions.show_function_config(fg.ShowFunctionConfigRequest(function_urn=urn))


def asynchronous(urn, request_id):
    request = fg.ListAsyncInvocationsRequest(function_urn=urn, request_id=request_id)
    answer = typed.answer(functions.list_async_invocations(request), "invocations", "count")
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
        start_time=str(now - 3_600_000), end_time=str(now + 60_000), keywords=keywords, highlight=False, **more,
    )
    request = lts.ListLogsRequest(log_group_id=detail.group_id, log_stream_id=detail.stream_id, body=body)
    answer = typed.answer(log_service.list_logs(request), "count", "logs", "isQueryComplete")
    for line in answer.logs:
        check(line.content and line.line_num, "a line without content or number:", line)
    return answer.logs


def log_detail(urn):
    answer = functions.show_lts_log_details(fg.ShowLtsLogDetailsRequest(function_urn=urn))
    return typed.answer(answer, "group_name", "group_id", "stream_name", "stream_id")


class Life:
    """What later steps need of earlier ones."""
    urn = None


life = Life()


@step
def the_project_is_found_by_iam():
    global functions, log_service, identity
    identity = client(iam.IamClient, IamRegion.value_of(REGION))
    found = identity.keystone_list_projects(iam.KeystoneListProjectsRequest(name=REGION))
    typed.answer(found, "projects", "links")
    equal([project.name for project in found.projects], [REGION], "the projects")
    check(found.projects[0].enabled is True, "the project is not enabled")
    domains = typed.answer(
        identity.keystone_list_auth_domains(iam.KeystoneListAuthDomainsRequest()), "domains", "links")
    equal(len(domains.domains), 1, "the number of domains")
    equal(found.projects[0].domain_id, domains.domains[0].id, "the project's domain")
    none = identity.keystone_list_projects(iam.KeystoneListProjectsRequest(name="no-such-region"))
    equal(none.projects, [], "the projects of an unknown region")

    functions = client(fg.FunctionGraphClient, FunctionGraphRegion.value_of(REGION))
    log_service = client(lts.LtsClient, LtsRegion.value_of(REGION))
    life.project = found.projects[0].id
    life.domain = domains.domains[0].id
    equal(functions.get_credentials().project_id, life.project, "the project that the SDK has found")


@step
def a_function_is_created_from_a_package():
    content = package("FG_SDK_STATE")
    body = create_body(
        "shop", content, user_data=json.dumps({"GREETING": "One"}), description="a shop, déjà vu",
        xrole="configuration-agency", app_xrole="execution-agency",
        network_controller=fg.NetworkControlConfig(disable_public_network=False),
        initializer_handler="bootstrap", initializer_timeout=10, pre_stop_handler="bootstrap", pre_stop_timeout=5,
        lts_custom_tag={"team": "shop"}, enterprise_project_id="0",
    )
    made = functions.create_function(fg.CreateFunctionRequest(body=body))
    typed.answer(made, *[name for name in FUNCTION if name in fg.CreateFunctionResponse.openapi_types])
    typed.echoes(body, made, "func_code", "log_config")
    urn = f"urn:fss:{REGION}:{life.project}:function:default:shop"
    equal(made.func_urn, f"{urn}:latest", "the URN, with its version")
    equal(made.digest, digest(content), "the digest")
    equal(made.code_size, len(content), "the size of the code")
    equal(made.namespace, life.project, "the namespace")
    equal(made.project_name, REGION, "the project's name")
    equal(made.domain_id, life.domain, "the domain")
    equal(made.version, "latest", "the version")
    equal(made.cpu, 300, "the CPU of 128 MB, in millicores")
    check(made.log_group_id and made.log_stream_id, "a function with logs has no log group or stream")
    life.urn = urn


@step
def what_exists_already_is_refused():
    with refused(409, "FSS.1061"):
        create("shop", package("FG_SDK_STATE"))


@step
def bad_requests_are_refused():
    content = package("FG_SDK_GREET")
    for code, settings in {
        "FSS.1002": dict(func_name="1shop"),
        "FSS.1005": dict(runtime="Fortran77"),
        "FSS.1006": dict(code_type="tarball"),
        "FSS.1007": dict(memory_size=100),
        "FSS.1008": dict(timeout=0),
        "FSS.1009": dict(user_data="not JSON"),
        "FSS.1011": dict(func_code=fg.FuncCode(file=encoded(b"not a zip file"))),
        "FSS.1017": dict(user_data=json.dumps({f"N{number}": "" for number in range(21)})),
        "FSS.1018": dict(user_data=json.dumps({"N": "x" * 5000})),
        "FSS.1019": dict(description="x" * 513),
    }.items():
        try:
            with refused(400, code):
                create(**{"name": "refused", "content": content, **settings})
        except Wrong as wrong:
            raise Wrong(f"{sorted(settings)}: {wrong}") from None
    with refused(404, "FSS.1051"):
        config(f"{life.urn}:latest".replace("shop", "refused"))


@step
def a_wrong_key_is_refused():
    for ak, sk in ((os.environ["HUAWEICLOUD_SDK_AK"], "wrong"), ("wrong", os.environ["HUAWEICLOUD_SDK_SK"])):
        credentials = BasicCredentials(ak, sk, life.project)
        stranger = (
            fg.FunctionGraphClient.new_builder().with_credentials(credentials)
            .with_region(FunctionGraphRegion.value_of(REGION)).build()
        )
        with refused(401):
            stranger.list_functions(fg.ListFunctionsRequest())
        with refused(401):
            stranger.invoke_function(fg.InvokeFunctionRequest(function_urn=life.urn, body={}))


@step
def functions_are_listed():
    typed.answer(create("greeter", package("FG_SDK_GREET")))
    life.greeter = life.urn.replace("shop", "greeter")
    answer = functions.list_functions(fg.ListFunctionsRequest())
    typed.answer(answer, "functions", "next_marker", "count")
    equal(sorted(one.func_name for one in answer.functions), ["greeter", "shop"], "the functions")
    equal(answer.count, 2, "their number")
    equal(next(one.digest for one in answer.functions if one.func_name == "shop"), digest(package("FG_SDK_STATE")),
          "the digest in the list")
    named = functions.list_functions(fg.ListFunctionsRequest(func_name="hop"))
    equal([one.func_name for one in named.functions], ["shop"], "the functions with `hop` in their names")
    other = functions.list_functions(fg.ListFunctionsRequest(package_name="elsewhere"))
    equal(other.functions or [], [], "the functions of another package")
    # Pages of one.
    names, marker = [], "0"
    for _ in range(5):
        page = typed.answer(functions.list_functions(fg.ListFunctionsRequest(marker=marker, maxitems="1")), "next_marker")
        names += [one.func_name for one in page.functions or []]
        if not page.functions:
            break
        marker = str(page.next_marker)
    equal(sorted(names), ["greeter", "shop"], "the functions of all pages")
    with refused(400, "FSS.1001"):
        functions.list_functions(fg.ListFunctionsRequest(maxitems="-1"))


@step
def configuration_and_code_are_shown():
    for urn in (life.urn, f"{life.urn}:latest"):
        shown = config(urn)
        typed.answer(shown, *[name for name in FUNCTION if name in fg.ShowFunctionConfigResponse.openapi_types])
        equal(shown.user_data, json.dumps({"GREETING": "One"}), "the variables")
        equal(shown.description, "a shop, déjà vu", "the description")
        equal(shown.initializer_timeout, 10, "the initializer's time")
        age = datetime.datetime.now(datetime.timezone.utc) - shown.last_modified
        check(abs(age) < datetime.timedelta(minutes=5), "it was last modified at", shown.last_modified)
        code = functions.show_function_code(fg.ShowFunctionCodeRequest(function_urn=urn))
        typed.answer(code, "func_urn", "func_name", "domain_id", "runtime", "code_type", "code_filename", "code_size",
                     "digest", "last_modified", "func_code")
        equal(code.digest, shown.digest, "the digest")


@step
def it_is_invoked():
    answer = invoke(life.urn, {"item": "tea"})
    equal(answer.status, 200, "the status in the answer")
    equal(json.loads(answer.result), {"text": "One! One tea.", "number": 1}, "the result")
    equal(answer.x_cff_request_id, answer.request_id, "the request id in the header")
    check(not answer.log, "a log that was not asked for:", answer.log)
    # The instance is kept.
    answer = invoke(f"{life.urn}:latest", {"item": "tea"}, tail=True)
    equal(json.loads(answer.result)["number"], 2, "the number of the order")
    check(answer.request_id in answer.log, "the log does not name the request:", answer.log)
    check("Start invoke request" in answer.log and "Finish invoke request" in answer.log, "the log:", answer.log)
    life.request_id = answer.request_id
    # Without a version of the answer's format, the result comes as it is.
    request = fg.InvokeFunctionRequest(function_urn=life.greeter, body={"name": "Ada"})
    equal(json.loads(functions.invoke_function(request).raw_content), {"message": "Hello, Ada!"}, "the result as it is")


@step
def a_failed_invocation_is_an_answer():
    answer = invoke(life.urn, {"no": "item"}, tail=True)
    check(answer.status != 200, "the status in the answer is 200")
    failure = json.loads(answer.result)
    check(failure["errorMessage"] and failure["errorType"], "the result:", failure)


@step
def it_is_invoked_asynchronously():
    request = fg.AsyncInvokeFunctionRequest(function_urn=life.urn, body={"item": "tea"})
    answer = functions.async_invoke_function(request)
    typed.answer(answer, "request_id")
    equal(answer.status_code, 202, "the status")
    record = ended(life.urn, answer.request_id)
    equal(record.status, "SUCCESS", "the state of the invocation")
    check(record.start_time <= datetime.datetime.now(datetime.timezone.utc), "it started at", record.start_time)
    check(record.end_time, "it has no end")
    failing = functions.async_invoke_function(fg.AsyncInvokeFunctionRequest(function_urn=life.urn, body={"no": 1}))
    record = ended(life.urn, failing.request_id)
    equal(record.status, "FAIL", "the state of a failed invocation")
    check(record.error_message, "a failed invocation without a message")
    # Filters.
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    for filters, wanted in (
        (dict(), 2),
        (dict(status="SUCCESS"), 1),
        (dict(status="FAIL"), 1),
        (dict(status="WAIT"), 0),
        (dict(limit="1"), 1),
        (dict(marker="1"), 1),
        (dict(query_begin_time=now - hour, query_end_time=now + hour), 2),
        (dict(query_begin_time=now - 2 * hour, query_end_time=now - hour), 0),
        (dict(query_begin_time=(now - hour).strftime("%Y-%m-%dT%H:%M:%S")), 2),
    ):
        found = functions.list_async_invocations(fg.ListAsyncInvocationsRequest(function_urn=life.urn, **filters))
        typed.answer(found, "invocations", "count")
        equal(len(found.invocations), wanted, f"the number of invocations with {filters}")
    none = functions.list_active_async_invocations(fg.ListActiveAsyncInvocationsRequest(function_urn=life.urn))
    equal(typed.answer(none, "invocations", "count").invocations, [], "what runs")


def publish(**fields):
    body = fg.CreateFunctionVersionRequestBody(**fields)
    made = functions.create_function_version(fg.CreateFunctionVersionRequest(function_urn=life.urn, body=body))
    return typed.answer(made, *[name for name in FUNCTION if name in fg.CreateFunctionVersionResponse.openapi_types],
                        "version_description")


def update_config(urn, **fields):
    now = config(urn)
    settings = dict(func_name=now.func_name, runtime=now.runtime, timeout=now.timeout, handler=now.handler,
                    memory_size=now.memory_size)
    settings.update(fields)
    body = fg.UpdateFunctionConfigRequestBody(**settings)
    changed = functions.update_function_config(fg.UpdateFunctionConfigRequest(function_urn=urn, body=body))
    typed.answer(changed, *[name for name in FUNCTION if name in fg.UpdateFunctionConfigResponse.openapi_types])
    typed.echoes(body, changed)
    return changed


@step
def it_is_published_twice():
    first = publish(version="v1", description="the first")
    equal(first.version, "v1", "the version")
    equal(first.version_description, "the first", "its description")
    equal(first.func_urn, f"{life.urn}:v1", "its URN")
    with refused(400, "FSS.1016"):
        publish(version="v1again")
    changed = update_config(life.urn, user_data=json.dumps({"GREETING": "Two"}), timeout=20, memory_size=256,
                            description="")
    equal(changed.cpu, 400, "the CPU of 256 MB, in millicores")
    with refused(409, "FSS.1062"):
        publish(version="v1")
    equal(publish(version="v2", description="the second").version, "v2", "the version")
    answer = functions.list_function_versions(fg.ListFunctionVersionsRequest(function_urn=life.urn))
    typed.answer(answer, "versions", "count", "next_marker")
    equal(sorted(one.version for one in answer.versions), ["latest", "v1", "v2"], "the versions")
    equal(answer.count, 3, "their number")
    equal(config(f"{life.urn}:v1").timeout, 30, "the time limit of v1")
    equal(config(f"{life.urn}:v2").timeout, 20, "the time limit of v2")
    equal([order(f"{life.urn}:{version}") for version in ("v1", "v2", "latest")], ["One", "Two", "Two"],
          "who answers")
    with refused(404, "FSS.1052"):
        config(f"{life.urn}:v9")


def alias(**fields):
    body = fg.UpdateVersionAliasRequestBody(**fields)
    request = fg.UpdateVersionAliasRequest(function_urn=life.urn, alias_name="prod", body=body)
    changed = typed.answer(functions.update_version_alias(request), "name", "version", "alias_urn", "last_modified")
    typed.echoes(body, changed)
    return changed


def share(urn, calls=200, **headers):
    """How many of the calls the second version answers."""
    functions.preset_headers = headers
    try:
        words = [order(urn) for _ in range(calls)]
    finally:
        functions.preset_headers = {}
    check(set(words) <= {"One", "Two"}, "who answers:", set(words))
    return words.count("Two")


@step
def an_alias_shares_invocations_by_weight():
    body = fg.CreateVersionAliasRequestBody(
        name="prod", version="v1", description="what customers see", additional_version_weights={"v2": 30})
    made = functions.create_version_alias(fg.CreateVersionAliasRequest(function_urn=life.urn, body=body))
    typed.answer(made, "name", "version", "alias_urn", "last_modified", "additional_version_weights")
    typed.echoes(body, made)
    equal(made.alias_urn, f"{life.urn}:!prod", "the alias's URN")
    # 60 are expected, and the standard deviation is 6.5: five of them on either side fail once in 1.7 million runs.
    two = share(f"{life.urn}:!prod")
    check(27 <= two <= 93, f"of 200 invocations {two} went to the version with a weight of 30")
    shown = functions.show_version_alias(fg.ShowVersionAliasRequest(function_urn=life.urn, alias_name="prod"))
    typed.answer(shown, "name", "version", "description", "alias_urn", "last_modified", "additional_version_weights")
    listed = functions.list_version_aliases(fg.ListVersionAliasesRequest(function_urn=life.urn))
    typed.answer(listed)
    equal([(one.name, one.version, one.additional_version_weights) for one in listed.body],
          [("prod", "v1", {"v2": 30})], "the aliases")
    equal(config(f"{life.urn}:!prod").version, "v1", "the version behind the alias")
    with refused(409, "FSS.1063"):
        functions.create_version_alias(fg.CreateVersionAliasRequest(function_urn=life.urn, body=body))
    body.name, body.additional_version_weights = "other", None
    with refused(409, "FSS.1066"):
        functions.create_version_alias(fg.CreateVersionAliasRequest(function_urn=life.urn, body=body))
    body.name, body.version = "lost", "v9"
    with refused(404, "FSS.1052"):
        functions.create_version_alias(fg.CreateVersionAliasRequest(function_urn=life.urn, body=body))
    with refused(404, "FSS.1053"):
        functions.show_version_alias(fg.ShowVersionAliasRequest(function_urn=life.urn, alias_name="none"))


@step
def an_alias_chooses_by_header():
    rule = fg.VersionStrategyRules(rule_type="Header", param="X-Canary", op="=", value="yes")
    other = fg.VersionStrategyRules(rule_type="Header", param="X-Country", op="in", value="cn,de")
    strategy = fg.VersionStrategy(rules=[rule, other], combine_type="and")
    alias(version="v1", additional_version_strategy={"v2": strategy})
    shown = functions.show_version_alias(fg.ShowVersionAliasRequest(function_urn=life.urn, alias_name="prod"))
    typed.answer(shown, "additional_version_strategy")
    equal(shown.additional_version_strategy["v2"].combine_type, "and", "how the rules are combined")
    equal(len(shown.additional_version_strategy["v2"].rules), 2, "the number of rules")
    urn = f"{life.urn}:!prod"
    equal(share(urn, 5), 0, "without headers, the second version")
    equal(share(urn, 5, **{"X-Canary": "yes"}), 0, "with one of two headers, the second version")
    equal(share(urn, 5, **{"X-Canary": "yes", "X-Country": "de"}), 5, "with both headers, the second version")
    strategy.combine_type = "or"
    alias(version="v1", additional_version_strategy={"v2": strategy})
    equal(share(urn, 5, **{"X-Country": "cn"}), 5, "with one of two headers that are alternatives, the second version")
    equal(share(urn, 5, **{"X-Country": "fr"}), 0, "with another value, the second version")


@step
def it_is_rolled_out_and_back():
    alias(version="v2")
    equal(share(f"{life.urn}:!prod", 5), 5, "after the rollout, the second version")
    alias(version="v1", description="back again")
    equal(share(f"{life.urn}:!prod", 5), 0, "after the rollback, the second version")


@step
def code_is_updated():
    content = package("FG_SDK_GREET")
    body = fg.UpdateFunctionCodeRequestBody(
        code_type="zip", code_filename="greet.zip", func_code=fg.FuncCode(file=encoded(content)))
    changed = functions.update_function_code(fg.UpdateFunctionCodeRequest(function_urn=life.urn, body=body))
    typed.answer(changed, "func_urn", "func_name", "domain_id", "runtime", "code_type", "code_filename", "code_size",
                 "digest", "last_modified")
    equal(changed.digest, digest(content), "the digest")
    equal(changed.code_size, len(content), "the size")
    answer = invoke(life.urn, {"item": "tea", "name": "Ada"})
    equal(json.loads(answer.result), {"message": "Hello, Ada!"}, "the result of the new code")
    shown = functions.show_function_code(fg.ShowFunctionCodeRequest(function_urn=life.urn))
    equal(shown.digest, digest(content), "the digest that is shown")
    equal(config(f"{life.urn}:v1").digest, digest(package("FG_SDK_STATE")), "the digest of the published version")
    equal(order(f"{life.urn}:!prod"), "One", "who answers behind the alias")
    bad = fg.UpdateFunctionCodeRequestBody(
        code_type="zip", code_filename="bad.zip", func_code=fg.FuncCode(file=encoded(b"no zip")))
    with refused(400, "FSS.1011"):
        functions.update_function_code(fg.UpdateFunctionCodeRequest(function_urn=life.urn, body=bad))


def show_trigger(made):
    return functions.show_function_trigger(fg.ShowFunctionTriggerRequest(
        function_urn=life.urn, trigger_type_code=made.trigger_type_code, trigger_id=made.trigger_id))


def list_triggers(urn):
    return typed.answer(functions.list_function_triggers(fg.ListFunctionTriggersRequest(function_urn=urn))).body or []


def create_trigger(urn, kind, status=None, **data):
    body = fg.CreateFunctionTriggerRequestBody(
        trigger_type_code=kind, trigger_status=status, event_data=fg.TriggerEventDataRequestBody(**data))
    made = functions.create_function_trigger(fg.CreateFunctionTriggerRequest(function_urn=urn, body=body))
    equal(made.status_code, 201, "the status")
    return typed.answer(made, "trigger_id", "trigger_type_code", "trigger_status", "event_data", "last_updated_time",
                        "created_time")


def triggers():
    """Of each type: what is sent, and the state in which it starts."""
    gateway = dict(
        name="api", env_id="DEFAULT_ENVIRONMENT_RELEASE_ID", env_name="RELEASE", protocol="HTTPS", auth="NONE",
        group_id="group", sl_domain="sl.example.com", match_mode="SWA", req_method="ANY", backend_type="FUNCTION", type=1,
        func_info=fg.ApigTriggerFuncInfo(function_urn=life.urn, invocation_type="sync", timeout=5000, version="latest"),
    )
    return [
        ("TIMER", "ACTIVE", dict(name="hourly", schedule_type="Rate", schedule="1h", user_event="{}")),
        ("TIMER", "ACTIVE", dict(name="nightly", schedule_type="Cron", schedule="0 15 2 * * ?", user_event="")),
        ("APIG", "ACTIVE", dict(gateway, path="/shop")),
        ("DEDICATEDGATEWAY", "ACTIVE", dict(gateway, path="/store", instance_id="gateway")),
        ("OBS", "ACTIVE", dict(name="uploads", bucket="pictures", events=["s3:ObjectCreated:*"], prefix="in/", suffix=".png")),
        ("SMN", "ACTIVE", dict(topic_urn=f"urn:smn:{REGION}:{life.project}:orders")),
        ("LTS", "ACTIVE", dict(log_group_id="group", log_topic_id="topic")),
        ("CTS", "ACTIVE", dict(name="audit", operations=["APIG:apigConfig;apigApps:updateConfig;updateApp"])),
        ("KAFKA", "DISABLED", dict(instance_id="kafka", topic_ids=["orders"], batch_size=100, kafka_user="user",
                                   kafka_password="word", kafka_connect_address="10.0.0.1:9092", kafka_ssl_enable=True)),
        ("DDS", "DISABLED", dict(instance_id="dds", db_name="shop", collection_name="orders", db_password="word", batch_size=10)),
        ("RABBITMQ", "ACTIVE", dict(instance_id="rabbit", access_user="user", access_password="word", exchange_name="orders",
                                    vhost="/", batch_size=10, ssl_enable=False)),
        ("DIS", "ACTIVE", dict(stream_name="orders", sharditerator_type="LATEST", polling_interval=30, polling_unit="s",
                               is_serial="true", max_fetch_bytes=1048576, batch_size=10)),
    ]


SECRETS = ("kafka_password", "db_password", "access_password")


@step
def triggers_of_all_types_are_kept():
    made = []
    for kind, status, data in triggers():
        trigger = create_trigger(life.urn, kind, **data)
        made.append(trigger)
        equal(trigger.trigger_type_code, kind, "the type")
        equal(trigger.trigger_status, status, f"the state of a new trigger of type {kind}")
        shown = typed.answer(show_trigger(trigger), "trigger_id", "event_data", "created_time", "last_updated_time")
        for name, value in data.items():
            if name in SECRETS:
                continue
            for got in (getattr(trigger.event_data, name), getattr(shown.event_data, name)):
                equal(typed._plain(got), typed._plain(value), f"`{name}` of a trigger of type {kind}")
        if kind in ("APIG", "DEDICATEDGATEWAY"):
            for name in ("triggerid", "api_id", "api_name", "group_name", "invoke_url"):
                check(getattr(shown.event_data, name), f"`{name}` of a trigger of type {kind} is missing")
    listed = list_triggers(life.urn)
    equal(sorted(one.trigger_id for one in listed), sorted(one.trigger_id for one in made), "the triggers")
    life.triggers = made
    with refused(400, "FSS.1101"):
        create_trigger(life.urn, "PIGEON", name="post")
    with refused(400, "FSS.1109"):
        create_trigger(life.urn, "TIMER", name="never", schedule_type="Cron", schedule="now and then")


@step
def triggers_are_updated():
    wanted = {"TIMER": "DISABLED", "KAFKA": "ACTIVE", "DDS": "ACTIVE", "LTS": "DISABLED"}
    for trigger in life.triggers:
        status = wanted.get(trigger.trigger_type_code)
        if status is None:
            continue
        request = fg.UpdateTriggerRequest(
            function_urn=life.urn, trigger_type_code=trigger.trigger_type_code, trigger_id=trigger.trigger_id,
            body=fg.UpdateTriggerRequestBody(trigger_status=status))
        typed.answer(functions.update_trigger(request), "trigger_id", "trigger_status", "event_data")
        wait(f"{trigger.trigger_type_code} {status}", lambda: show_trigger(trigger).trigger_status == status)
    stream = next(one for one in life.triggers if one.trigger_type_code == "DIS")
    data = [fg.UpdateriggerEventData(is_serial=False, max_fetch_bytes=2097152, polling_interval=60, polling_unit="s")]
    request = fg.UpdateTriggerRequest(
        function_urn=life.urn, trigger_type_code="DIS", trigger_id=stream.trigger_id,
        body=fg.UpdateTriggerRequestBody(event_data=data))
    typed.answer(functions.update_trigger(request), "trigger_id", "event_data")
    shown = typed.answer(show_trigger(stream))
    equal((shown.event_data.polling_interval, shown.event_data.max_fetch_bytes), (60, 2097152), "the polling")
    equal(shown.event_data.stream_name, "orders", "what was not changed")


@step
def triggers_are_deleted():
    first, *rest = life.triggers
    functions.delete_function_trigger(fg.DeleteFunctionTriggerRequest(
        function_urn=life.urn, trigger_type_code=first.trigger_type_code, trigger_id=first.trigger_id))
    with refused(404):
        show_trigger(first)
    equal(len(list_triggers(life.urn)), len(rest), "the triggers that are left")
    done = functions.batch_delete_function_triggers(fg.BatchDeleteFunctionTriggersRequest(function_urn=life.urn))
    equal(done.status_code, 204, "the status")
    equal(list_triggers(life.urn), [], "the triggers that are left")


@step
def a_timer_fires():
    typed.answer(create("cleaner", package("FG_SDK_TIMER_CLEANUP")))
    urn = life.urn.replace("shop", "cleaner")
    detail = log_detail(urn)
    made = create_trigger(urn, "TIMER", status="ACTIVE", name="often", schedule_type="Cron", schedule="@every 1s",
                          user_event=json.dumps({"keep_days": 7}))
    wait("two invocations by the timer", lambda: len(logs(detail, "removing what is older than")) >= 2)
    functions.delete_function_trigger(fg.DeleteFunctionTriggerRequest(
        function_urn=urn, trigger_type_code="TIMER", trigger_id=made.trigger_id))
    equal(list_triggers(urn), [], "the triggers that are left")


@step
def a_result_goes_to_its_destination():
    typed.answer(create("receiver", echo_package()))
    life.receiver = life.urn.replace("shop", "receiver")
    destination = fg.FuncDestinationConfig(destination="FunctionGraph", param=json.dumps({"func_urn": life.receiver}))
    body = fg.UpdateFunctionAsyncInvokeConfigRequestBody(
        max_async_event_age_in_seconds=600, max_async_retry_attempts=0, enable_async_status_log=True,
        destination_config=fg.FuncAsyncDestinationConfig(on_success=destination, on_failure=destination))
    present = ("func_urn", "max_async_event_age_in_seconds", "max_async_retry_attempts", "destination_config",
               "created_time", "last_modified")
    request = fg.UpdateFunctionAsyncInvokeConfigRequest(function_urn=life.greeter, body=body)
    changed = typed.answer(functions.update_function_async_invoke_config(request), *present)
    typed.echoes(body, changed)
    shown = typed.answer(functions.show_function_async_invoke_config(
        fg.ShowFunctionAsyncInvokeConfigRequest(function_urn=life.greeter)), *present)
    typed.echoes(body, shown)
    listed = typed.answer(functions.list_function_async_invoke_config(
        fg.ListFunctionAsyncInvokeConfigRequest(function_urn=life.greeter)), "async_invoke_configs", "count", "page_info")
    equal(listed.count, 1, "the number of configurations")

    detail = log_detail(life.receiver)
    for event, status, condition in (({"name": "Ada"}, "SUCCESS", "Success"), ({}, "FAIL", "UnhandledInvocationError")):
        sent = functions.async_invoke_function(fg.AsyncInvokeFunctionRequest(function_urn=life.greeter, body=event))
        equal(ended(life.greeter, sent.request_id).status, status, "the state of the invocation")
        line = wait("the destination's log", lambda: logs(detail, sent.request_id))[0].content
        check(condition in line, f"the destination did not receive `{condition}`:", line)

    gone = fg.DeleteFunctionAsyncInvokeConfigRequest(function_urn=life.greeter)
    equal(functions.delete_function_async_invoke_config(gone).status_code, 204, "the status")
    with refused(404):
        functions.show_function_async_invoke_config(fg.ShowFunctionAsyncInvokeConfigRequest(function_urn=life.greeter))


@step
def an_asynchronous_invocation_is_cancelled():
    sent = functions.async_invoke_function(
        fg.AsyncInvokeFunctionRequest(function_urn=life.receiver, body={"sleep": 25, "cancelled": True}))

    def running():
        found = functions.list_active_async_invocations(
            fg.ListActiveAsyncInvocationsRequest(function_urn=life.receiver, requests=sent.request_id))
        return [one for one in typed.answer(found).invocations or [] if one.status == "RUNNING"]
    wait("an active invocation", running)
    began = time.monotonic()
    body = fg.CancelAsyncInvocationRequestBody(request_id=sent.request_id, type="force")
    done = functions.cancel_async_invocation(fg.CancelAsyncInvocationRequest(function_urn=life.receiver, body=body))
    equal(done.status_code, 200, "the status")
    record = ended(life.receiver, sent.request_id)
    check(record.status in ("FAIL", "DISCARD"), "the state of a cancelled invocation:", record.status)
    check(time.monotonic() - began < 15, "it was waited for")
    body.request_id = "00000000-0000-4000-8000-000000000000"
    with refused(404):
        functions.cancel_async_invocation(fg.CancelAsyncInvocationRequest(function_urn=life.receiver, body=body))


@step
def tags_are_kept():
    def change(action, *tags):
        body = fg.UpdateFunctionTagsRequestBody(action=action, tags=[fg.KvItem(*tag) for tag in tags])
        name = f"{action}_tags"
        request = getattr(fg, f"{action.capitalize()}TagsRequest")
        done = getattr(functions, name)(request(resource_type="functions", resource_id=life.urn, body=body))
        equal(done.status_code, 204, f"the status of {name}")

    def tags():
        found = functions.list_function_tags(fg.ListFunctionTagsRequest(resource_type="functions", resource_id=life.urn))
        return sorted((tag.key, tag.value) for tag in typed.answer(found, "tags", "sys_tags").tags)
    change("create", ("team", "shop"), ("stage", "test"))
    equal(tags(), [("stage", "test"), ("team", "shop")], "the tags")
    change("create", ("stage", "live"))
    change("delete", ("team", "shop"))
    equal(tags(), [("stage", "live")], "the tags that are left")


@step
def quotas_are_listed():
    answer = typed.answer(functions.list_quotas(fg.ListQuotasRequest()), "quotas")
    by_type = {resource.type: resource for resource in answer.quotas.resources}
    check(by_type["fgs_func_num"].used >= 4, "the functions used:", by_type["fgs_func_num"])
    check(by_type["fgs_func_num"].quota >= by_type["fgs_func_num"].used, "more functions than the quota")
    check("fgs_func_code_size" in by_type, "there is no quota of code:", sorted(by_type))


@step
def instances_are_reserved():
    def reserve(qualifier, count, **more):
        body = fg.UpdateFunctionReservedInstancesCountRequestBody(count=count, **more)
        request = fg.UpdateFunctionReservedInstancesCountRequest(function_urn=f"{life.urn}:{qualifier}", body=body)
        typed.echoes(body, typed.answer(functions.update_function_reserved_instances_count(request), "count"))

    def pages(marker="0", **more):
        found = []
        for _ in range(10):
            page = typed.answer(functions.list_reserved_instance_configs(
                fg.ListReservedInstanceConfigsRequest(marker=marker, **more)), "reserved_instances", "page_info", "count")
            if not page.reserved_instances:
                return found
            found += page.reserved_instances
            marker = str(page.page_info.next_marker)
        raise Wrong("the pages do not end")
    cron = fg.CronConfig(name="day", cron="0 0 8 * * ?", count=2, start_time=1_800_000_000, expired_time=1_900_000_000)
    reserve("v2", 1, idle_mode=False, tactics_config=fg.TacticsConfig(cron_configs=[cron]))
    reserve("!prod", 1, idle_mode=False)
    both = pages(function_urn=life.urn, limit="1")
    equal(sorted((one.qualifier_type, one.qualifier_name, one.min_count) for one in both),
          [("alias", "prod", 1), ("version", "v2", 1)], "what is reserved")
    tactics = next(one for one in both if one.qualifier_type == "version").tactics_config
    equal(tactics.cron_configs[0].count, 2, "the count of a time of the day")
    counts = functions.list_function_reserved_instances(fg.ListFunctionReservedInstancesRequest())
    typed.answer(counts, "reservedinstances", "page_info", "count")
    equal(order(f"{life.urn}:!prod"), "One", "who answers with a reserved instance")
    reserve("v2", 0)
    reserve("!prod", 0)
    equal(pages(function_urn=life.urn), [], "what is reserved after that")


@step
def test_events_are_kept():
    content = encoded(json.dumps({"item": "tea"}).encode())
    made = typed.answer(functions.create_event(fg.CreateEventRequest(
        function_urn=life.urn, body=fg.CreateEventRequestBody(name="tea", content=content))), "id", "name")
    listed = typed.answer(functions.list_events(fg.ListEventsRequest(function_urn=life.urn)), "events", "count")
    equal([(one.id, one.name) for one in listed.events], [(made.id, "tea")], "the events")
    check(listed.events[0].last_modified > 1_700_000_000, "the time of the event is not in seconds:", listed.events[0])
    show = fg.ShowEventRequest(function_urn=life.urn, event_id=made.id)
    equal(typed.answer(functions.show_event(show), "id", "name", "content", "last_modified").content, content, "the event")
    other = encoded(b'{"item": "milk"}')
    typed.answer(functions.update_event(fg.UpdateEventRequest(
        function_urn=life.urn, event_id=made.id, body=fg.UpdateEventRequestBody(content=other))), "id", "name")
    equal(functions.show_event(show).content, other, "the changed event")
    with refused(403, "FSS.1069"):
        functions.create_event(fg.CreateEventRequest(function_urn=life.urn, body=fg.CreateEventRequestBody(
            name="large", content=encoded(b'"' + b"x" * 5000 + b'"'))))
    functions.delete_event(fg.DeleteEventRequest(function_urn=life.urn, event_id=made.id))
    with refused(404, "FSS.1070"):
        functions.show_event(show)


@step
def logs_are_found():
    detail = log_detail(life.urn)
    lines = wait("the log of a request", lambda: logs(detail, life.request_id))
    check(all(life.request_id in line.content for line in lines), "lines without the keyword:", lines)
    check(any("Finish invoke request" in line.content for line in lines), "there is no last line:", lines)
    equal(logs(detail, "no-such-word"), [], "lines with a word that no line has")
    # Pages.
    everything = logs(detail, "invoke request", limit=100)
    page = logs(detail, "invoke request", limit=2)
    equal([line.line_num for line in page], [line.line_num for line in everything[:2]], "the first page")
    page = logs(detail, "invoke request", limit=2, line_num=page[-1].line_num, search_type="forwards")
    equal([line.line_num for line in page], [line.line_num for line in everything[2:4]], "the second page")
    last = logs(detail, "invoke request", limit=1, is_desc=True)
    equal(last[0].line_num, logs(detail, "invoke request", limit=100)[-1].line_num, "the last line")


@step
def logs_are_enabled_once():
    try:
        functions.enable_lts_logs(fg.EnableLtsLogsRequest())
    except exceptions.ClientRequestException as error:
        equal(error.error_code, "FSS.1221", "the code")
    with refused(400, "FSS.1221"):
        functions.enable_lts_logs(fg.EnableLtsLogsRequest())


@step
def what_ran_is_measured():
    fields = ("count", "duration", "fail_count", "max_duration", "min_duration", "reject_count", "function_error_count",
              "system_error_count", "concurrency_num", "reserved_instance_num")
    sla = typed.answer(functions.show_function_metrics(fg.ShowFunctionMetricsRequest(func_urn=life.urn, period="60")),
                       *fields, "instance_num")
    runs = sum(point.value for point in sla.count)
    check(runs >= 200, f"{runs} invocations were counted, and there were more than 200")
    check(sum(point.value for point in sla.fail_count) >= 1, "no failure was counted")
    check(all(point.timestamp > 1_700_000_000 for point in sla.count), "times:", sla.count[:2])
    typed.answer(functions.list_function_statistics(fg.ListFunctionStatisticsRequest(func_urn=life.urn, period="60")),
                 *fields)
    total = typed.answer(functions.list_statistics(fg.ListStatisticsRequest(filter="monitor_data", period="60")), "statistics")
    check(sum(point.value for point in total.statistics.count) >= runs, "fewer invocations in all than of one function")
    typed.answer(functions.list_statistics(fg.ListStatisticsRequest(filter="monthly_report")), "count", "gbs")


@step
def instances_are_limited():
    def limit(number):
        body = fg.UpdateFunctionMaxInstanceConfigRequestBody(max_instance_num=number)
        changed = functions.update_function_max_instance_config(
            fg.UpdateFunctionMaxInstanceConfigRequest(function_urn=life.greeter, body=body))
        typed.answer(changed, "func_urn", "func_name", "strategy_config")
        equal(changed.strategy_config.concurrency, number, "the number of instances")
        equal(config(life.greeter).strategy_config.concurrency, number, "the number of instances that is shown")
    limit(0)
    try:
        answer = invoke(life.greeter, {"name": "Ada"})
    except exceptions.ClientRequestException:
        pass
    else:
        check(answer.status != 200, "a function without instances has answered:", answer)
    limit(-1)
    equal(invoke(life.greeter, {"name": "Ada"}).status, 200, "the status in the answer")


@step
def it_is_exported_and_imported():
    exported = functions.export_function(fg.ExportFunctionRequest(function_urn=life.greeter, config=True, code=True))
    outer = zipfile.ZipFile(io.BytesIO(exported.raw_content))
    check(outer.namelist(), "an empty file")
    code = functions.export_function(fg.ExportFunctionRequest(function_urn=life.greeter, type="code"))
    equal(digest(code.raw_content), digest(package("FG_SDK_GREET")), "the digest of the code that was exported")
    body = fg.ImportFunctionRequestBody(
        func_name="copy", file_name="greeter.zip", file_type="zip", file_code=encoded(exported.raw_content), package="default")
    made = functions.import_function(fg.ImportFunctionRequest(body=body))
    typed.answer(made, *[name for name in FUNCTION if name in fg.ImportFunctionResponse.openapi_types])
    answer = invoke(life.urn.replace("shop", "copy"), {"name": "Ada"})
    equal(json.loads(answer.result), {"message": "Hello, Ada!"}, "the result of the imported function")
    with refused(409, "FSS.1061"):
        functions.import_function(fg.ImportFunctionRequest(body=body))


@step
def what_is_not_there_says_so():
    with refused(501, kind=exceptions.ServerResponseException):
        functions.list_workflow(fg.ListWorkflowRequest())


@step
def versions_and_aliases_are_deleted():
    functions.delete_version_alias(fg.DeleteVersionAliasRequest(function_urn=life.urn, alias_name="prod"))
    equal(typed.answer(functions.list_version_aliases(fg.ListVersionAliasesRequest(function_urn=life.urn))).body or [], [],
          "the aliases that are left")
    with refused(404, "FSS.1053"):
        invoke(f"{life.urn}:!prod", {})
    functions.delete_function(fg.DeleteFunctionRequest(function_urn=f"{life.urn}:v1"))
    left = functions.list_function_versions(fg.ListFunctionVersionsRequest(function_urn=life.urn)).versions
    equal(sorted(one.version for one in left), ["latest", "v2"], "the versions that are left")
    with refused(404, "FSS.1052"):
        invoke(f"{life.urn}:v1", {})


@step
def functions_are_deleted():
    for found in functions.list_functions(fg.ListFunctionsRequest()).functions:
        done = functions.delete_function(fg.DeleteFunctionRequest(function_urn=bare(found.func_urn)))
        equal(done.status_code, 204, "the status")
    equal(functions.list_functions(fg.ListFunctionsRequest()).functions or [], [], "the functions that are left")
    with refused(404, "FSS.1051"):
        config(life.urn)
    with refused(404, "FSS.1051"):
        invoke(life.urn, {})
    with refused(404, "FSS.1051"):
        functions.delete_function(fg.DeleteFunctionRequest(function_urn=life.urn))


def main():
    # The SDK warns if it cannot make what its model says of a value.
    warnings.simplefilter("error", category=SdkWarning)
    passed = failed = 0
    for number, run in enumerate(STEPS, 1):
        EXCHANGES.last = None
        began = time.monotonic()
        try:
            run()
        except Exception as error:  # Whatever it is: the next step tells more.
            failed += 1
            where = traceback.extract_tb(error.__traceback__)
            lines = ", ".join(str(frame.lineno) for frame in where if frame.filename == __file__)
            print(f"FAILED {number} {run.__name__} (lines {lines})\n    {type(error).__name__}: {error}\n{EXCHANGES}")
            if number <= 2:
                print("nothing else can be tried")
                break
        else:
            passed += 1
            print(f"ok {number} {run.__name__} ({time.monotonic() - began:.1f} s)")
        sys.stdout.flush()
    print(f"{passed} of {len(STEPS)} steps are as they should be")
    return min(failed, 100)


if __name__ == "__main__":
    sys.exit(main())
