"""Triggers of all types, and a timer that fires."""

import json

import huaweicloudsdkfunctiongraph.v2 as fg

import typed
from calls import REGION, create, life, log_detail, logs, package
from judge import check, equal, refused, step, wait


def show_trigger(made):
    return life.functions.show_function_trigger(
        fg.ShowFunctionTriggerRequest(
            function_urn=life.urn,
            trigger_type_code=made.trigger_type_code,
            trigger_id=made.trigger_id,
        )
    )


def list_triggers(urn):
    return (
        typed.answer(
            life.functions.list_function_triggers(fg.ListFunctionTriggersRequest(function_urn=urn))
        ).body
        or []
    )


def create_trigger(urn, kind, status=None, **data):
    body = fg.CreateFunctionTriggerRequestBody(
        trigger_type_code=kind,
        trigger_status=status,
        event_data=fg.TriggerEventDataRequestBody(**data),
    )
    made = life.functions.create_function_trigger(
        fg.CreateFunctionTriggerRequest(function_urn=urn, body=body)
    )
    equal(made.status_code, 201, "the status")
    return typed.answer(
        made,
        "trigger_id",
        "trigger_type_code",
        "trigger_status",
        "event_data",
        "last_updated_time",
        "created_time",
    )


def triggers():
    """Of each type: what is sent, and the state in which it starts."""
    gateway = dict(
        name="api",
        env_id="DEFAULT_ENVIRONMENT_RELEASE_ID",
        env_name="RELEASE",
        protocol="HTTPS",
        auth="NONE",
        group_id="group",
        sl_domain="sl.example.com",
        match_mode="SWA",
        req_method="ANY",
        backend_type="FUNCTION",
        type=1,
        func_info=fg.ApigTriggerFuncInfo(
            function_urn=life.urn, invocation_type="sync", timeout=5000, version="latest"
        ),
    )
    return [
        (
            "TIMER",
            "ACTIVE",
            dict(name="hourly", schedule_type="Rate", schedule="1h", user_event="{}"),
        ),
        (
            "TIMER",
            "ACTIVE",
            dict(name="nightly", schedule_type="Cron", schedule="0 15 2 * * ?", user_event=""),
        ),
        ("APIG", "ACTIVE", dict(gateway, path="/shop")),
        ("DEDICATEDGATEWAY", "ACTIVE", dict(gateway, path="/store", instance_id="gateway")),
        (
            "OBS",
            "ACTIVE",
            dict(
                name="uploads",
                bucket="pictures",
                events=["s3:ObjectCreated:*"],
                prefix="in/",
                suffix=".png",
            ),
        ),
        ("SMN", "ACTIVE", dict(topic_urn=f"urn:smn:{REGION}:{life.project}:orders")),
        ("LTS", "ACTIVE", dict(log_group_id="group", log_topic_id="topic")),
        (
            "CTS",
            "ACTIVE",
            dict(name="audit", operations=["APIG:apigConfig;apigApps:updateConfig;updateApp"]),
        ),
        (
            "KAFKA",
            "DISABLED",
            dict(
                instance_id="kafka",
                topic_ids=["orders"],
                batch_size=100,
                kafka_user="user",
                kafka_password="word",
                kafka_connect_address="10.0.0.1:9092",
                kafka_ssl_enable=True,
            ),
        ),
        (
            "DDS",
            "DISABLED",
            dict(
                instance_id="dds",
                db_name="shop",
                collection_name="orders",
                db_password="word",
                batch_size=10,
            ),
        ),
        (
            "RABBITMQ",
            "ACTIVE",
            dict(
                instance_id="rabbit",
                access_user="user",
                access_password="word",
                exchange_name="orders",
                vhost="/",
                batch_size=10,
                ssl_enable=False,
            ),
        ),
        (
            "DIS",
            "ACTIVE",
            dict(
                stream_name="orders",
                sharditerator_type="LATEST",
                polling_interval=30,
                polling_unit="s",
                is_serial="true",
                max_fetch_bytes=1048576,
                batch_size=10,
            ),
        ),
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
        shown = typed.answer(
            show_trigger(trigger), "trigger_id", "event_data", "created_time", "last_updated_time"
        )
        for name, value in data.items():
            if name in SECRETS:
                continue
            for got in (getattr(trigger.event_data, name), getattr(shown.event_data, name)):
                equal(
                    typed._plain(got), typed._plain(value), f"`{name}` of a trigger of type {kind}"
                )
        if kind in ("APIG", "DEDICATEDGATEWAY"):
            for name in ("triggerid", "api_id", "api_name", "group_name", "invoke_url"):
                check(
                    getattr(shown.event_data, name),
                    f"`{name}` of a trigger of type {kind} is missing",
                )
    listed = list_triggers(life.urn)
    equal(
        sorted(one.trigger_id for one in listed),
        sorted(one.trigger_id for one in made),
        "the triggers",
    )
    life.triggers = made
    with refused(400, "FSS.1101"):
        create_trigger(life.urn, "PIGEON", name="post")
    with refused(400, "FSS.1109"):
        create_trigger(
            life.urn, "TIMER", name="never", schedule_type="Cron", schedule="now and then"
        )


@step
def triggers_are_updated():
    wanted = {"TIMER": "DISABLED", "KAFKA": "ACTIVE", "DDS": "ACTIVE", "LTS": "DISABLED"}
    for trigger in life.triggers:
        status = wanted.get(trigger.trigger_type_code)
        if status is None:
            continue
        request = fg.UpdateTriggerRequest(
            function_urn=life.urn,
            trigger_type_code=trigger.trigger_type_code,
            trigger_id=trigger.trigger_id,
            body=fg.UpdateTriggerRequestBody(trigger_status=status),
        )
        typed.answer(
            life.functions.update_trigger(request), "trigger_id", "trigger_status", "event_data"
        )
        wait(
            f"{trigger.trigger_type_code} {status}",
            lambda: show_trigger(trigger).trigger_status == status,
        )
    stream = next(one for one in life.triggers if one.trigger_type_code == "DIS")
    data = [
        fg.UpdateriggerEventData(
            is_serial=False, max_fetch_bytes=2097152, polling_interval=60, polling_unit="s"
        )
    ]
    request = fg.UpdateTriggerRequest(
        function_urn=life.urn,
        trigger_type_code="DIS",
        trigger_id=stream.trigger_id,
        body=fg.UpdateTriggerRequestBody(event_data=data),
    )
    typed.answer(life.functions.update_trigger(request), "trigger_id", "event_data")
    shown = typed.answer(show_trigger(stream))
    equal(
        (shown.event_data.polling_interval, shown.event_data.max_fetch_bytes),
        (60, 2097152),
        "the polling",
    )
    equal(shown.event_data.stream_name, "orders", "what was not changed")


@step
def triggers_are_deleted():
    first, *rest = life.triggers
    life.functions.delete_function_trigger(
        fg.DeleteFunctionTriggerRequest(
            function_urn=life.urn,
            trigger_type_code=first.trigger_type_code,
            trigger_id=first.trigger_id,
        )
    )
    with refused(404):
        show_trigger(first)
    equal(len(list_triggers(life.urn)), len(rest), "the triggers that are left")
    done = life.functions.batch_delete_function_triggers(
        fg.BatchDeleteFunctionTriggersRequest(function_urn=life.urn)
    )
    equal(done.status_code, 204, "the status")
    equal(list_triggers(life.urn), [], "the triggers that are left")


@step
def a_timer_fires():
    typed.answer(create("cleaner", package("FG_SDK_TIMER_CLEANUP")))
    urn = life.urn.replace("shop", "cleaner")
    detail = log_detail(urn)
    made = create_trigger(
        urn,
        "TIMER",
        status="ACTIVE",
        name="often",
        schedule_type="Cron",
        schedule="@every 1s",
        user_event=json.dumps({"keep_days": 7}),
    )
    wait(
        "two invocations by the timer",
        lambda: len(logs(detail, "removing what is older than")) >= 2,
    )
    life.functions.delete_function_trigger(
        fg.DeleteFunctionTriggerRequest(
            function_urn=urn, trigger_type_code="TIMER", trigger_id=made.trigger_id
        )
    )
    equal(list_triggers(urn), [], "the triggers that are left")
