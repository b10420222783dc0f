"""Records what the official Python SDKs send for each operation of fg-client, against a server on loopback.

    python3 -m venv venv
    venv/bin/pip install huaweicloudsdkcore huaweicloudsdkfunctiongraph huaweicloudsdkiam huaweicloudsdklts esdk-obs-python
    venv/bin/python record.py

Each file beside this one is one request: method, path and query as sent, headers without those that differ each time
(date, authorization, user agent, and what the HTTP library adds), and body. `tests/recorded.rs` compares.
"""

import datetime
import json
import pathlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.region.region import Region as SdkRegion
from huaweicloudsdkfunctiongraph.v2 import *
from huaweicloudsdkfunctiongraph.v2.functiongraph_client import FunctionGraphClient
from huaweicloudsdkiam.v3 import *
from huaweicloudsdkiam.v3.iam_client import IamClient
from huaweicloudsdklts.v2 import LtsClient, ListLogsRequest, QueryLtsLogParams
from obs import ObsClient, PutObjectHeader

HERE = pathlib.Path(__file__).parent
PROJECT = "0123456789abcdef0123456789abcdef"
URN = f"urn:fss:cn-north-4:{PROJECT}:function:default:greet"
AK, SK, TOKEN = "RECORDEDACCESSKEY", "recorded-secret-key", "recorded-token"
LEFT_OUT = {"date", "x-sdk-date", "x-obs-date", "authorization", "user-agent", "accept", "accept-encoding", "connection", "host"}

seen = []
signed = []


class Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = raw = self.rfile.read(length).decode()
        path, _, query = self.path.partition("?")
        try:
            body = json.loads(body)
        except ValueError:
            pass
        headers = {k.lower(): v for k, v in self.headers.items() if k.lower() not in LEFT_OUT}
        seen.append({"method": self.command, "path": path, "query": query, "headers": headers, "body": body})
        signed.append({"headers": {k.lower(): v for k, v in self.headers.items()}, "body": raw})
        answer = b"{}"
        if path == "/v3/projects":
            answer = json.dumps({"projects": [{"id": PROJECT, "name": "cn-north-4"}], "links": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Request-Id", "rid-1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"

config = HttpConfig.get_default_config()
config.retry_times = 0


def client(kind, credentials):
    builder = kind.new_builder().with_http_config(config).with_credentials(credentials)
    return builder.with_endpoint(endpoint).build()


basic = BasicCredentials(AK, SK, PROJECT)
functions = client(FunctionGraphClient, basic)
logs = client(LtsClient, basic)
iam = client(IamClient, GlobalCredentials(AK, SK, "0a1b2c"))


def record(name, packages, call, keep_signature=False):
    seen.clear()
    signed.clear()
    try:
        call()
    except Exception as error:  # The answer `{}` is not what the model wants; the request was recorded.
        print(f"{name}: {type(error).__name__}: {error}")
    assert len(seen) >= 1, name
    recording = {"sdk": {package: version(package) for package in packages}, **seen[-1]}
    if keep_signature:
        recording["signed"] = signed[-1]
    (HERE / f"{name}.json").write_text(json.dumps(recording, indent=2, ensure_ascii=False) + "\n")


# Of these the signature is kept, too.
SIGNED = {"create_function", "list_functions", "show_function_config_of_alias", "invoke_function", "delete_tags"}
FG = ["huaweicloudsdkcore", "huaweicloudsdkfunctiongraph"]


def fg(name, method, request):
    record(name, FG, lambda: getattr(functions, method or name)(request), keep_signature=name in SIGNED)


fg("create_function", None, CreateFunctionRequest(body=CreateFunctionRequestBody(
    func_name="greet", package="default", runtime="Custom", timeout=30, handler="bootstrap", memory_size=256,
    code_type="zip", code_filename="greet.zip", func_code=FuncCode(file="UEsFBg=="),
    user_data='{"GREETING":"Hello"}', encrypted_user_data='{"TOKEN":"t"}', xrole="config-agency", app_xrole="app-agency",
    description="Greets. 问候", initializer_handler="init", initializer_timeout=10, pre_stop_handler="stop",
    pre_stop_timeout=5, enterprise_project_id="0", type="v2", enable_lts_log=True, enable_dynamic_memory=True,
    is_stateful_function=False, lts_custom_tag={"team": "a"}, depend_version_list=["d-1"],
    log_config=FuncLogConfig(group_name="g", group_id="g-1", stream_name="s", stream_id="s-1"),
    network_controller=NetworkControlConfig(disable_public_network=True, trigger_access_vpcs=[VpcConfig(vpc_name="v", vpc_id="v-1")]),
    func_vpc=FuncVpc(vpc_id="v-1", subnet_id="sn-1"),
    mount_config=MountConfig(mount_user=MountUser(user_id=-1, user_group_id=-1), func_mounts=[
        FuncMount(mount_type="sfs", mount_resource="fs-1", mount_share_path="/a", local_mount_path="/mnt/a")]),
)))
fg("create_image_function", "create_function", CreateFunctionRequest(body=CreateFunctionRequestBody(
    func_name="greet", package="default", runtime="Custom Image", timeout=3, handler="-", memory_size=128,
    code_type="Custom-Image-Swr", type="v2", xrole="swr",
    custom_image=CustomImage(enabled=True, image="swr.cn-north-4.myhuaweicloud.com/org/greet:1", uid="-1", gid="-1"),
)))
fg("list_functions", None, ListFunctionsRequest(marker="100", maxitems="400", package_name="default", func_name="gr&et"))
fg("show_function_config", None, ShowFunctionConfigRequest(function_urn=URN))
fg("show_function_config_of_alias", "show_function_config", ShowFunctionConfigRequest(function_urn=f"{URN}:!prod"))
fg("show_function_code", None, ShowFunctionCodeRequest(function_urn=URN))
fg("update_function_code", None, UpdateFunctionCodeRequest(function_urn=URN, body=UpdateFunctionCodeRequestBody(
    code_type="zip", code_filename="greet.zip", func_code=FuncCode(file="UEsFBg=="), depend_version_list=["d-1"])))
fg("update_function_code_from_obs", "update_function_code", UpdateFunctionCodeRequest(
    function_urn=URN, body=UpdateFunctionCodeRequestBody(
        code_type="obs", code_url="https://code.obs.cn-north-4.myhuaweicloud.com/greet.zip", func_code=FuncCode())))
fg("update_function_config", None, UpdateFunctionConfigRequest(function_urn=URN, body=UpdateFunctionConfigRequestBody(
    func_name="greet", runtime="Custom", timeout=30, handler="bootstrap", memory_size=256,
    user_data='{"GREETING":"Hello"}', encrypted_user_data='{"TOKEN":"t"}', description="", app_xrole="app-agency",
    strategy_config=StrategyConfig(concurrency=100, concurrent_num=1), ephemeral_storage=512,
    enable_auth_in_header=False, enable_lts_log=True)))
fg("update_function_max_instance_config", None, UpdateFunctionMaxInstanceConfigRequest(
    function_urn=URN, body=UpdateFunctionMaxInstanceConfigRequestBody(max_instance_num=-1)))
fg("delete_function", None, DeleteFunctionRequest(function_urn=URN))
fg("create_function_version", None, CreateFunctionVersionRequest(
    function_urn=URN, body=CreateFunctionVersionRequestBody(version="v1", description="first", digest="d")))
fg("list_function_versions", None, ListFunctionVersionsRequest(function_urn=URN))
fg("create_version_alias", None, CreateVersionAliasRequest(function_urn=URN, body=CreateVersionAliasRequestBody(
    name="prod", version="v1", description="live", additional_version_weights={"v2": 10})))
fg("create_version_alias_with_strategy", "create_version_alias", CreateVersionAliasRequest(
    function_urn=URN, body=CreateVersionAliasRequestBody(name="prod", version="v1", additional_version_strategy={
        "v2": VersionStrategy(combine_type="and", rules=[VersionStrategyRules(rule_type="Header", param="X-Beta", op="=", value="1")])})))
fg("list_version_aliases", None, ListVersionAliasesRequest(function_urn=URN))
fg("show_version_alias", None, ShowVersionAliasRequest(function_urn=URN, alias_name="prod"))
fg("update_version_alias", None, UpdateVersionAliasRequest(
    function_urn=URN, alias_name="prod", body=UpdateVersionAliasRequestBody(version="v2", description="live")))
fg("delete_version_alias", None, DeleteVersionAliasRequest(function_urn=URN, alias_name="prod"))
fg("create_function_trigger", None, CreateFunctionTriggerRequest(function_urn=URN, body=CreateFunctionTriggerRequestBody(
    trigger_type_code="TIMER", trigger_status="ACTIVE", event_type_code="MessageCreated",
    event_data=TriggerEventDataRequestBody(name="nightly", schedule_type="Cron", schedule="0 15 2 * * ?"))))
fg("list_function_triggers", None, ListFunctionTriggersRequest(function_urn=URN))
fg("show_function_trigger", None, ShowFunctionTriggerRequest(function_urn=URN, trigger_type_code="TIMER", trigger_id="t-1"))
fg("update_trigger", None, UpdateTriggerRequest(
    function_urn=URN, trigger_type_code="TIMER", trigger_id="t-1", body=UpdateTriggerRequestBody(trigger_status="DISABLED")))
fg("update_trigger_data", "update_trigger", UpdateTriggerRequest(
    function_urn=URN, trigger_type_code="DIS", trigger_id="t-1", body=UpdateTriggerRequestBody(
        trigger_status="ACTIVE", event_data=[UpdateriggerEventData(polling_interval=30, polling_unit="s")])))
fg("delete_function_trigger", None, DeleteFunctionTriggerRequest(function_urn=URN, trigger_type_code="TIMER", trigger_id="t-1"))
fg("batch_delete_function_triggers", None, BatchDeleteFunctionTriggersRequest(function_urn=URN))
fg("invoke_function", None, InvokeFunctionRequest(function_urn=URN, x_cff_log_type="tail", x_cff_request_version="v1", body={"name": "Ada"}))
fg("invoke_function_v0", "invoke_function", InvokeFunctionRequest(
    function_urn=f"{URN}:!prod", x_cff_request_version="v0", body={"name": "Ada"}))
fg("async_invoke_function", None, AsyncInvokeFunctionRequest(function_urn=URN, body={"name": "Ada"}))
fg("list_async_invocations", None, ListAsyncInvocationsRequest(
    function_urn=URN, request_id="r-1", limit="50", marker="10", status="FAIL",
    query_begin_time=datetime.datetime(2026, 11, 27, 1, 2, 3), query_end_time=datetime.datetime(2026, 11, 27, 2, 2, 3)))
fg("show_function_async_invoke_config", None, ShowFunctionAsyncInvokeConfigRequest(function_urn=URN))
fg("update_function_async_invoke_config", None, UpdateFunctionAsyncInvokeConfigRequest(
    function_urn=URN, body=UpdateFunctionAsyncInvokeConfigRequestBody(
        max_async_event_age_in_seconds=3600, max_async_retry_attempts=1, enable_async_status_log=True,
        destination_config=FuncAsyncDestinationConfig(on_failure=FuncDestinationConfig(destination="SMN", param='{"topic_urn":"t"}')))))
fg("delete_function_async_invoke_config", None, DeleteFunctionAsyncInvokeConfigRequest(function_urn=URN))
fg("list_function_tags", None, ListFunctionTagsRequest(resource_id=URN, resource_type="functions"))
fg("create_tags", None, CreateTagsRequest(resource_id=URN, resource_type="functions", body=UpdateFunctionTagsRequestBody(
    action="create", tags=[KvItem(key="team", value="a")])))
fg("delete_tags", None, DeleteTagsRequest(resource_id=URN, resource_type="functions", body=UpdateFunctionTagsRequestBody(
    action="delete", tags=[KvItem(key="team", value="a")])))
fg("update_function_reserved_instances_count", None, UpdateFunctionReservedInstancesCountRequest(
    function_urn=f"{URN}:v1", body=UpdateFunctionReservedInstancesCountRequestBody(
        count=2, idle_mode=True, tactics_config=TacticsConfig(cron_configs=[
            CronConfig(name="day", cron="0 0 8 * * ?", count=4, start_time=1, expired_time=2)]))))
fg("list_reserved_instance_configs", None, ListReservedInstanceConfigsRequest(function_urn=URN, marker="0", limit="100"))
fg("list_quotas", None, ListQuotasRequest())
fg("enable_lts_logs", None, EnableLtsLogsRequest())
fg("show_lts_log_details", None, ShowLtsLogDetailsRequest(function_urn=URN))
fg("export_function", None, ExportFunctionRequest(function_urn=URN, config=True, code=True))
record("list_logs", ["huaweicloudsdkcore", "huaweicloudsdklts"], lambda: logs.list_logs(ListLogsRequest(
    log_group_id="g-1", log_stream_id="s-1", body=QueryLtsLogParams(
        start_time="1", end_time="2", keywords="r-1", highlight=False, is_desc=True, limit=100,
        line_num="7", search_type="forwards", labels={"a": "b"}))))
IAM = ["huaweicloudsdkcore", "huaweicloudsdkiam"]
record("list_projects", IAM, lambda: iam.keystone_list_projects(KeystoneListProjectsRequest(name="cn-north-4")))
record("list_domains", IAM, lambda: iam.keystone_list_auth_domains(KeystoneListAuthDomainsRequest()))
temporary = BasicCredentials(AK, SK, PROJECT).with_security_token(TOKEN)
record("with_security_token", FG, lambda: client(FunctionGraphClient, temporary).list_quotas(ListQuotasRequest()), keep_signature=True)

without_project = BasicCredentials(AK, SK).with_iam_endpoint(endpoint)
record("project_lookup", ["huaweicloudsdkcore"], lambda: FunctionGraphClient.new_builder().with_http_config(config)
       .with_credentials(without_project).with_region(SdkRegion(id="cn-north-4", endpoint=endpoint)).build())

# With the bucket in the host, as against the cloud; with the bucket in the path this SDK falls back to Amazon's headers.
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve("127.0.0.1" if str(host).endswith(".example") else host, *rest, **more)
storage = ObsClient(access_key_id=AK, secret_access_key=SK, security_token=TOKEN, signature="obs",
                    server=f"http://obs.cn-north-4.example:{server.server_port}", is_signature_negotiation=False)
record("put_object", ["esdk-obs-python"], lambda: storage.putContent(
    "code", "functions/greet 1.zip", "zip content", headers=PutObjectHeader(contentType="application/zip")), keep_signature=True)
server.shutdown()
