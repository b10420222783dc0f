"""From the project, which IAM knows, to functions that are listed and shown."""

import datetime
import json
import os

import huaweicloudsdkfunctiongraph.v2 as fg
import huaweicloudsdkiam.v3 as iam
import huaweicloudsdklts.v2 as lts
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkfunctiongraph.v2.region.functiongraph_region import FunctionGraphRegion
from huaweicloudsdkiam.v3.region.iam_region import IamRegion
from huaweicloudsdklts.v2.region.lts_region import LtsRegion

import typed
from calls import (
    FUNCTION,
    REGION,
    config,
    create,
    create_body,
    digest,
    encoded,
    life,
    package,
)
from judge import check, client, equal, refused, step
from typed import Wrong


@step
def the_project_is_found_by_iam():
    life.identity = client(iam.IamClient, IamRegion.value_of(REGION))
    found = life.identity.keystone_list_projects(iam.KeystoneListProjectsRequest(name=REGION))
    typed.answer(found, "projects", "links")
    equal([project.name for project in found.projects], [REGION], "the projects")
    check(found.projects[0].enabled is True, "the project is not enabled")
    domains = typed.answer(
        life.identity.keystone_list_auth_domains(iam.KeystoneListAuthDomainsRequest()),
        "domains",
        "links",
    )
    equal(len(domains.domains), 1, "the number of domains")
    equal(found.projects[0].domain_id, domains.domains[0].id, "the project's domain")
    none = life.identity.keystone_list_projects(
        iam.KeystoneListProjectsRequest(name="no-such-region")
    )
    equal(none.projects, [], "the projects of an unknown region")

    life.functions = client(fg.FunctionGraphClient, FunctionGraphRegion.value_of(REGION))
    life.log_service = client(lts.LtsClient, LtsRegion.value_of(REGION))
    life.project = found.projects[0].id
    life.domain = domains.domains[0].id
    equal(
        life.functions.get_credentials().project_id,
        life.project,
        "the project that the SDK has found",
    )


@step
def a_function_is_created_from_a_package():
    content = package("FG_SDK_STATE")
    body = create_body(
        "shop",
        content,
        user_data=json.dumps({"GREETING": "One"}),
        description="a shop, déjà vu",
        xrole="configuration-agency",
        app_xrole="execution-agency",
        network_controller=fg.NetworkControlConfig(disable_public_network=False),
        initializer_handler="bootstrap",
        initializer_timeout=10,
        pre_stop_handler="bootstrap",
        pre_stop_timeout=5,
        lts_custom_tag={"team": "shop"},
        enterprise_project_id="0",
    )
    made = life.functions.create_function(fg.CreateFunctionRequest(body=body))
    typed.answer(
        made, *[name for name in FUNCTION if name in fg.CreateFunctionResponse.openapi_types]
    )
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
    check(
        made.log_group_id and made.log_stream_id, "a function with logs has no log group or stream"
    )
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
    for ak, sk in (
        (os.environ["HUAWEICLOUD_SDK_AK"], "wrong"),
        ("wrong", os.environ["HUAWEICLOUD_SDK_SK"]),
    ):
        credentials = BasicCredentials(ak, sk, life.project)
        stranger = (
            fg.FunctionGraphClient.new_builder()
            .with_credentials(credentials)
            .with_region(FunctionGraphRegion.value_of(REGION))
            .build()
        )
        with refused(401):
            stranger.list_functions(fg.ListFunctionsRequest())
        with refused(401):
            stranger.invoke_function(fg.InvokeFunctionRequest(function_urn=life.urn, body={}))


@step
def functions_are_listed():
    typed.answer(create("greeter", package("FG_SDK_GREET")))
    life.greeter = life.urn.replace("shop", "greeter")
    answer = life.functions.list_functions(fg.ListFunctionsRequest())
    typed.answer(answer, "functions", "next_marker", "count")
    equal(sorted(one.func_name for one in answer.functions), ["greeter", "shop"], "the functions")
    equal(answer.count, 2, "their number")
    equal(
        next(one.digest for one in answer.functions if one.func_name == "shop"),
        digest(package("FG_SDK_STATE")),
        "the digest in the list",
    )
    named = life.functions.list_functions(fg.ListFunctionsRequest(func_name="hop"))
    equal(
        [one.func_name for one in named.functions],
        ["shop"],
        "the functions with `hop` in their names",
    )
    other = life.functions.list_functions(fg.ListFunctionsRequest(package_name="elsewhere"))
    equal(other.functions or [], [], "the functions of another package")
    # Pages of one.
    names, marker = [], "0"
    for _ in range(5):
        page = typed.answer(
            life.functions.list_functions(fg.ListFunctionsRequest(marker=marker, maxitems="1")),
            "next_marker",
        )
        names += [one.func_name for one in page.functions or []]
        if not page.functions:
            break
        marker = str(page.next_marker)
    equal(sorted(names), ["greeter", "shop"], "the functions of all pages")
    with refused(400, "FSS.1001"):
        life.functions.list_functions(fg.ListFunctionsRequest(maxitems="-1"))


@step
def configuration_and_code_are_shown():
    for urn in (life.urn, f"{life.urn}:latest"):
        shown = config(urn)
        typed.answer(
            shown,
            *[name for name in FUNCTION if name in fg.ShowFunctionConfigResponse.openapi_types],
        )
        equal(shown.user_data, json.dumps({"GREETING": "One"}), "the variables")
        equal(shown.description, "a shop, déjà vu", "the description")
        equal(shown.initializer_timeout, 10, "the initializer's time")
        age = datetime.datetime.now(datetime.timezone.utc) - shown.last_modified
        check(
            abs(age) < datetime.timedelta(minutes=5), "it was last modified at", shown.last_modified
        )
        code = life.functions.show_function_code(fg.ShowFunctionCodeRequest(function_urn=urn))
        typed.answer(
            code,
            "func_urn",
            "func_name",
            "domain_id",
            "runtime",
            "code_type",
            "code_filename",
            "code_size",
            "digest",
            "last_modified",
            "func_code",
        )
        equal(code.digest, shown.digest, "the digest")
