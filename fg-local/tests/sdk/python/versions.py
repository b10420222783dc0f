"""Versions, aliases that share invocations between them, and new code."""

import json

import huaweicloudsdkfunctiongraph.v2 as fg

import typed
from calls import FUNCTION, config, digest, encoded, invoke, life, order, package
from judge import check, equal, refused, step


def publish(**fields):
    body = fg.CreateFunctionVersionRequestBody(**fields)
    made = life.functions.create_function_version(
        fg.CreateFunctionVersionRequest(function_urn=life.urn, body=body)
    )
    return typed.answer(
        made,
        *[name for name in FUNCTION if name in fg.CreateFunctionVersionResponse.openapi_types],
        "version_description",
    )


def update_config(urn, **fields):
    now = config(urn)
    settings = dict(
        func_name=now.func_name,
        runtime=now.runtime,
        timeout=now.timeout,
        handler=now.handler,
        memory_size=now.memory_size,
    )
    settings.update(fields)
    body = fg.UpdateFunctionConfigRequestBody(**settings)
    changed = life.functions.update_function_config(
        fg.UpdateFunctionConfigRequest(function_urn=urn, body=body)
    )
    typed.answer(
        changed,
        *[name for name in FUNCTION if name in fg.UpdateFunctionConfigResponse.openapi_types],
    )
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
    changed = update_config(
        life.urn,
        user_data=json.dumps({"GREETING": "Two"}),
        timeout=20,
        memory_size=256,
        description="",
    )
    equal(changed.cpu, 400, "the CPU of 256 MB, in millicores")
    with refused(409, "FSS.1062"):
        publish(version="v1")
    equal(publish(version="v2", description="the second").version, "v2", "the version")
    answer = life.functions.list_function_versions(
        fg.ListFunctionVersionsRequest(function_urn=life.urn)
    )
    typed.answer(answer, "versions", "count", "next_marker")
    equal(sorted(one.version for one in answer.versions), ["latest", "v1", "v2"], "the versions")
    equal(answer.count, 3, "their number")
    equal(config(f"{life.urn}:v1").timeout, 30, "the time limit of v1")
    equal(config(f"{life.urn}:v2").timeout, 20, "the time limit of v2")
    equal(
        [order(f"{life.urn}:{version}") for version in ("v1", "v2", "latest")],
        ["One", "Two", "Two"],
        "who answers",
    )
    with refused(404, "FSS.1052"):
        config(f"{life.urn}:v9")


def alias(**fields):
    body = fg.UpdateVersionAliasRequestBody(**fields)
    request = fg.UpdateVersionAliasRequest(function_urn=life.urn, alias_name="prod", body=body)
    changed = typed.answer(
        life.functions.update_version_alias(request),
        "name",
        "version",
        "alias_urn",
        "last_modified",
    )
    typed.echoes(body, changed)
    return changed


def share(urn, calls=200, **headers):
    """How many of the calls the second version answers."""
    life.functions.preset_headers = headers
    try:
        words = [order(urn) for _ in range(calls)]
    finally:
        life.functions.preset_headers = {}
    check(set(words) <= {"One", "Two"}, "who answers:", set(words))
    return words.count("Two")


@step
def an_alias_shares_invocations_by_weight():
    body = fg.CreateVersionAliasRequestBody(
        name="prod",
        version="v1",
        description="what customers see",
        additional_version_weights={"v2": 30},
    )
    made = life.functions.create_version_alias(
        fg.CreateVersionAliasRequest(function_urn=life.urn, body=body)
    )
    typed.answer(
        made, "name", "version", "alias_urn", "last_modified", "additional_version_weights"
    )
    typed.echoes(body, made)
    equal(made.alias_urn, f"{life.urn}:!prod", "the alias's URN")
    # 60 are expected, and the standard deviation is 6.5: five of them on either side fail once in
    # 1.7 million runs.
    two = share(f"{life.urn}:!prod")
    check(27 <= two <= 93, f"of 200 invocations {two} went to the version with a weight of 30")
    shown = life.functions.show_version_alias(
        fg.ShowVersionAliasRequest(function_urn=life.urn, alias_name="prod")
    )
    typed.answer(
        shown,
        "name",
        "version",
        "description",
        "alias_urn",
        "last_modified",
        "additional_version_weights",
    )
    listed = life.functions.list_version_aliases(
        fg.ListVersionAliasesRequest(function_urn=life.urn)
    )
    typed.answer(listed)
    equal(
        [(one.name, one.version, one.additional_version_weights) for one in listed.body],
        [("prod", "v1", {"v2": 30})],
        "the aliases",
    )
    equal(config(f"{life.urn}:!prod").version, "v1", "the version behind the alias")
    with refused(409, "FSS.1063"):
        life.functions.create_version_alias(
            fg.CreateVersionAliasRequest(function_urn=life.urn, body=body)
        )
    body.name, body.additional_version_weights = "other", None
    with refused(409, "FSS.1066"):
        life.functions.create_version_alias(
            fg.CreateVersionAliasRequest(function_urn=life.urn, body=body)
        )
    body.name, body.version = "lost", "v9"
    with refused(404, "FSS.1052"):
        life.functions.create_version_alias(
            fg.CreateVersionAliasRequest(function_urn=life.urn, body=body)
        )
    with refused(404, "FSS.1053"):
        life.functions.show_version_alias(
            fg.ShowVersionAliasRequest(function_urn=life.urn, alias_name="none")
        )


@step
def an_alias_chooses_by_header():
    rule = fg.VersionStrategyRules(rule_type="Header", param="X-Canary", op="=", value="yes")
    other = fg.VersionStrategyRules(rule_type="Header", param="X-Country", op="in", value="cn,de")
    strategy = fg.VersionStrategy(rules=[rule, other], combine_type="and")
    alias(version="v1", additional_version_strategy={"v2": strategy})
    shown = life.functions.show_version_alias(
        fg.ShowVersionAliasRequest(function_urn=life.urn, alias_name="prod")
    )
    typed.answer(shown, "additional_version_strategy")
    equal(shown.additional_version_strategy["v2"].combine_type, "and", "how the rules are combined")
    equal(len(shown.additional_version_strategy["v2"].rules), 2, "the number of rules")
    urn = f"{life.urn}:!prod"
    equal(share(urn, 5), 0, "without headers, the second version")
    equal(share(urn, 5, **{"X-Canary": "yes"}), 0, "with one of two headers, the second version")
    equal(
        share(urn, 5, **{"X-Canary": "yes", "X-Country": "de"}),
        5,
        "with both headers, the second version",
    )
    strategy.combine_type = "or"
    alias(version="v1", additional_version_strategy={"v2": strategy})
    equal(
        share(urn, 5, **{"X-Country": "cn"}),
        5,
        "with one of two headers that are alternatives, the second version",
    )
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
        code_type="zip", code_filename="greet.zip", func_code=fg.FuncCode(file=encoded(content))
    )
    changed = life.functions.update_function_code(
        fg.UpdateFunctionCodeRequest(function_urn=life.urn, body=body)
    )
    typed.answer(
        changed,
        "func_urn",
        "func_name",
        "domain_id",
        "runtime",
        "code_type",
        "code_filename",
        "code_size",
        "digest",
        "last_modified",
    )
    equal(changed.digest, digest(content), "the digest")
    equal(changed.code_size, len(content), "the size")
    answer = invoke(life.urn, {"item": "tea", "name": "Ada"})
    equal(json.loads(answer.result), {"message": "Hello, Ada!"}, "the result of the new code")
    shown = life.functions.show_function_code(fg.ShowFunctionCodeRequest(function_urn=life.urn))
    equal(shown.digest, digest(content), "the digest that is shown")
    equal(
        config(f"{life.urn}:v1").digest,
        digest(package("FG_SDK_STATE")),
        "the digest of the published version",
    )
    equal(order(f"{life.urn}:!prod"), "One", "who answers behind the alias")
    bad = fg.UpdateFunctionCodeRequestBody(
        code_type="zip", code_filename="bad.zip", func_code=fg.FuncCode(file=encoded(b"no zip"))
    )
    with refused(400, "FSS.1011"):
        life.functions.update_function_code(
            fg.UpdateFunctionCodeRequest(function_urn=life.urn, body=bad)
        )
