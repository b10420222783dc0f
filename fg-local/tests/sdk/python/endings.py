"""The number of instances, export and import, what is not emulated, and deletion."""

import io
import json
import zipfile

import huaweicloudsdkfunctiongraph.v2 as fg
from huaweicloudsdkcore.exceptions import exceptions

import typed
from calls import FUNCTION, bare, config, digest, encoded, invoke, life, package
from judge import check, equal, refused, step


@step
def instances_are_limited():
    def limit(number):
        body = fg.UpdateFunctionMaxInstanceConfigRequestBody(max_instance_num=number)
        changed = life.functions.update_function_max_instance_config(
            fg.UpdateFunctionMaxInstanceConfigRequest(function_urn=life.greeter, body=body)
        )
        typed.answer(changed, "func_urn", "func_name", "strategy_config")
        equal(changed.strategy_config.concurrency, number, "the number of instances")
        equal(
            config(life.greeter).strategy_config.concurrency,
            number,
            "the number of instances that is shown",
        )

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
    exported = life.functions.export_function(
        fg.ExportFunctionRequest(function_urn=life.greeter, config=True, code=True)
    )
    outer = zipfile.ZipFile(io.BytesIO(exported.raw_content))
    check(outer.namelist(), "an empty file")
    code = life.functions.export_function(
        fg.ExportFunctionRequest(function_urn=life.greeter, type="code")
    )
    equal(
        digest(code.raw_content),
        digest(package("FG_SDK_GREET")),
        "the digest of the code that was exported",
    )
    body = fg.ImportFunctionRequestBody(
        func_name="copy",
        file_name="greeter.zip",
        file_type="zip",
        file_code=encoded(exported.raw_content),
        package="default",
    )
    made = life.functions.import_function(fg.ImportFunctionRequest(body=body))
    typed.answer(
        made, *[name for name in FUNCTION if name in fg.ImportFunctionResponse.openapi_types]
    )
    answer = invoke(life.urn.replace("shop", "copy"), {"name": "Ada"})
    equal(
        json.loads(answer.result), {"message": "Hello, Ada!"}, "the result of the imported function"
    )
    with refused(409, "FSS.1061"):
        life.functions.import_function(fg.ImportFunctionRequest(body=body))


@step
def what_is_not_there_says_so():
    with refused(501, kind=exceptions.ServerResponseException):
        life.functions.list_workflow(fg.ListWorkflowRequest())


@step
def versions_and_aliases_are_deleted():
    life.functions.delete_version_alias(
        fg.DeleteVersionAliasRequest(function_urn=life.urn, alias_name="prod")
    )
    equal(
        typed.answer(
            life.functions.list_version_aliases(fg.ListVersionAliasesRequest(function_urn=life.urn))
        ).body
        or [],
        [],
        "the aliases that are left",
    )
    with refused(404, "FSS.1053"):
        invoke(f"{life.urn}:!prod", {})
    life.functions.delete_function(fg.DeleteFunctionRequest(function_urn=f"{life.urn}:v1"))
    left = life.functions.list_function_versions(
        fg.ListFunctionVersionsRequest(function_urn=life.urn)
    ).versions
    equal(sorted(one.version for one in left), ["latest", "v2"], "the versions that are left")
    with refused(404, "FSS.1052"):
        invoke(f"{life.urn}:v1", {})


@step
def functions_are_deleted():
    for found in life.functions.list_functions(fg.ListFunctionsRequest()).functions:
        done = life.functions.delete_function(
            fg.DeleteFunctionRequest(function_urn=bare(found.func_urn))
        )
        equal(done.status_code, 204, "the status")
    equal(
        life.functions.list_functions(fg.ListFunctionsRequest()).functions or [],
        [],
        "the functions that are left",
    )
    with refused(404, "FSS.1051"):
        config(life.urn)
    with refused(404, "FSS.1051"):
        invoke(life.urn, {})
    with refused(404, "FSS.1051"):
        life.functions.delete_function(fg.DeleteFunctionRequest(function_urn=life.urn))
