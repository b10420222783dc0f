"""Tags, quotas, reserved instances and test events."""

import json

import huaweicloudsdkfunctiongraph.v2 as fg

import typed
from calls import encoded, life, order
from judge import check, equal, refused, step
from typed import Wrong


@step
def tags_are_kept():
    def change(action, *tags):
        body = fg.UpdateFunctionTagsRequestBody(
            action=action, tags=[fg.KvItem(*tag) for tag in tags]
        )
        name = f"{action}_tags"
        request = getattr(fg, f"{action.capitalize()}TagsRequest")
        done = getattr(life.functions, name)(
            request(resource_type="functions", resource_id=life.urn, body=body)
        )
        equal(done.status_code, 204, f"the status of {name}")

    def tags():
        found = life.functions.list_function_tags(
            fg.ListFunctionTagsRequest(resource_type="functions", resource_id=life.urn)
        )
        return sorted((tag.key, tag.value) for tag in typed.answer(found, "tags", "sys_tags").tags)

    change("create", ("team", "shop"), ("stage", "test"))
    equal(tags(), [("stage", "test"), ("team", "shop")], "the tags")
    change("create", ("stage", "live"))
    change("delete", ("team", "shop"))
    equal(tags(), [("stage", "live")], "the tags that are left")


@step
def quotas_are_listed():
    answer = typed.answer(life.functions.list_quotas(fg.ListQuotasRequest()), "quotas")
    by_type = {resource.type: resource for resource in answer.quotas.resources}
    check(by_type["fgs_func_num"].used >= 4, "the functions used:", by_type["fgs_func_num"])
    check(
        by_type["fgs_func_num"].quota >= by_type["fgs_func_num"].used,
        "more functions than the quota",
    )
    check("fgs_func_code_size" in by_type, "there is no quota of code:", sorted(by_type))


@step
def instances_are_reserved():
    def reserve(qualifier, count, **more):
        body = fg.UpdateFunctionReservedInstancesCountRequestBody(count=count, **more)
        request = fg.UpdateFunctionReservedInstancesCountRequest(
            function_urn=f"{life.urn}:{qualifier}", body=body
        )
        typed.echoes(
            body,
            typed.answer(life.functions.update_function_reserved_instances_count(request), "count"),
        )

    def pages(marker="0", **more):
        found = []
        for _ in range(10):
            page = typed.answer(
                life.functions.list_reserved_instance_configs(
                    fg.ListReservedInstanceConfigsRequest(marker=marker, **more)
                ),
                "reserved_instances",
                "page_info",
                "count",
            )
            if not page.reserved_instances:
                return found
            found += page.reserved_instances
            marker = str(page.page_info.next_marker)
        raise Wrong("the pages do not end")

    cron = fg.CronConfig(
        name="day",
        cron="0 0 8 * * ?",
        count=2,
        start_time=1_800_000_000,
        expired_time=1_900_000_000,
    )
    reserve("v2", 1, idle_mode=False, tactics_config=fg.TacticsConfig(cron_configs=[cron]))
    reserve("!prod", 1, idle_mode=False)
    both = pages(function_urn=life.urn, limit="1")
    equal(
        sorted((one.qualifier_type, one.qualifier_name, one.min_count) for one in both),
        [("alias", "prod", 1), ("version", "v2", 1)],
        "what is reserved",
    )
    tactics = next(one for one in both if one.qualifier_type == "version").tactics_config
    equal(tactics.cron_configs[0].count, 2, "the count of a time of the day")
    counts = life.functions.list_function_reserved_instances(
        fg.ListFunctionReservedInstancesRequest()
    )
    typed.answer(counts, "reservedinstances", "page_info", "count")
    equal(order(f"{life.urn}:!prod"), "One", "who answers with a reserved instance")
    reserve("v2", 0)
    reserve("!prod", 0)
    equal(pages(function_urn=life.urn), [], "what is reserved after that")


@step
def test_events_are_kept():
    content = encoded(json.dumps({"item": "tea"}).encode())
    made = typed.answer(
        life.functions.create_event(
            fg.CreateEventRequest(
                function_urn=life.urn, body=fg.CreateEventRequestBody(name="tea", content=content)
            )
        ),
        "id",
        "name",
    )
    listed = typed.answer(
        life.functions.list_events(fg.ListEventsRequest(function_urn=life.urn)), "events", "count"
    )
    equal([(one.id, one.name) for one in listed.events], [(made.id, "tea")], "the events")
    check(
        listed.events[0].last_modified > 1_700_000_000,
        "the time of the event is not in seconds:",
        listed.events[0],
    )
    show = fg.ShowEventRequest(function_urn=life.urn, event_id=made.id)
    equal(
        typed.answer(
            life.functions.show_event(show), "id", "name", "content", "last_modified"
        ).content,
        content,
        "the event",
    )
    other = encoded(b'{"item": "milk"}')
    typed.answer(
        life.functions.update_event(
            fg.UpdateEventRequest(
                function_urn=life.urn,
                event_id=made.id,
                body=fg.UpdateEventRequestBody(content=other),
            )
        ),
        "id",
        "name",
    )
    equal(life.functions.show_event(show).content, other, "the changed event")
    with refused(403, "FSS.1069"):
        life.functions.create_event(
            fg.CreateEventRequest(
                function_urn=life.urn,
                body=fg.CreateEventRequestBody(
                    name="large", content=encoded(b'"' + b"x" * 5000 + b'"')
                ),
            )
        )
    life.functions.delete_event(fg.DeleteEventRequest(function_urn=life.urn, event_id=made.id))
    with refused(404, "FSS.1070"):
        life.functions.show_event(show)
