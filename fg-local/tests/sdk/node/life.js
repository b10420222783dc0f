'use strict';
// The life of functions, through the official SDK for Node.js as it is: everything about the server
// comes from the environment. The SDK has no variable for the address of a region, so the one of
// the SDK for Python serves both.
//
// HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK             a key pair that the server knows
// HUAWEICLOUD_SDK_IAM_ENDPOINT,
// HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_NORTH_4    where the server is
// FG_SDK_STATE, FG_SDK_GREET, FG_SDK_TIMER_CLEANUP   packages that start an example each
// FG_SDK_SLEEPER                                     a function that never answers
//
// Each step is a function below. A step that fails is reported, and the next goes on. The exit code
// is the number of failed steps.

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { ClientBuilder } = require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder');
const { Region } = require('@huaweicloud/huaweicloud-sdk-core/region/region');
const { BasicCredentials } = require('@huaweicloud/huaweicloud-sdk-core');
const fg = require('@huaweicloud/huaweicloud-sdk-functiongraph');
// Version 3.1.172 cannot be loaded as a whole: its part for IAM v5 asks for a missing file.
const iam = require('@huaweicloud/huaweicloud-sdk-iam/v3/public-api');
const { check, equal, refused, runAll, step, wait } = require('./judge');
const typed = require('./typed');

// The SDK prints each refusal with the whole request, code included.
require('log4js').configure({
  appenders: { err: { type: 'stderr' } },
  categories: { default: { appenders: ['err'], level: 'off' } },
});

const REGION = 'cn-north-4';
const MODELS = path.join(
  path.dirname(require.resolve('@huaweicloud/huaweicloud-sdk-functiongraph')),
  'v2',
  'model',
);
const IAM_MODELS = path.join(
  path.dirname(require.resolve('@huaweicloud/huaweicloud-sdk-iam/v3/public-api')),
  'model',
);
// What every answer that describes a function has, if its class has such a field.
const FUNCTION = (
  'func_id func_urn func_name domain_id namespace project_name package runtime timeout handler ' +
  'memory_size cpu code_type code_size digest version image_name last_modified strategy_config ' +
  'resource_id ephemeral_storage long_time type enable_auth_in_header is_return_stream ' +
  'reserved_instance_count'
).split(' ');

const region = new Region(REGION, process.env.HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_NORTH_4);
const life = {};
const read = (variable) => fs.readFileSync(process.env[variable]);
const digest = (content) => crypto.createHash('sha512').update(content).digest('hex');
const body = (made, name, ...present) => typed.answer(MODELS, name, made, ...present);
const fieldsOf = (name) => FUNCTION.filter((field) => typed.model(MODELS, name).has(field));
const describesFunction = (made, name, ...present) =>
  body(made, name, ...fieldsOf(name), ...present);

function createBody(name, content, settings = {}) {
  const made = new fg.CreateFunctionRequestBody()
    .withFuncName(name)
    .withPackage('default')
    .withRuntime('Custom')
    .withTimeout(30)
    .withHandler('bootstrap')
    .withMemorySize(128)
    .withCodeType('zip')
    .withCodeFilename(`${name}.zip`)
    .withType('v2')
    .withFuncCode(new fg.FuncCode().withFile(content.toString('base64')))
    .withEnableLtsLog(true);
  return Object.assign(made, settings);
}

function create(name, content, settings) {
  return life.functions.createFunction(
    new fg.CreateFunctionRequest().withBody(createBody(name, content, settings)),
  );
}

async function invoke(urn, event, tail = false) {
  const request = new fg.InvokeFunctionRequest()
    .withFunctionUrn(urn)
    .withXCFFRequestVersion('v1')
    .withBody(event);
  if (tail) request.withXCffLogType('tail');
  return body(
    await life.functions.invokeFunction(request),
    'InvokeFunctionResponse',
    'request_id',
    'result',
    'status',
  );
}

/** Invokes the function of the example `state`, and returns the word with which it greets. */
async function order(urn) {
  const answer = await invoke(urn, { item: 'tea', name: 'Ada' });
  equal(answer.status, 200, 'the status in the answer');
  return JSON.parse(answer.result).text.split('!')[0];
}

const config = (urn) =>
  life.functions.showFunctionConfig(new fg.ShowFunctionConfigRequest().withFunctionUrn(urn));

async function ended(urn, requestId) {
  return wait(`the end of ${requestId}`, async () => {
    const request = new fg.ListAsyncInvocationsRequest()
      .withFunctionUrn(urn)
      .withRequestId(requestId);
    const found = body(
      await life.functions.listAsyncInvocations(request),
      'ListAsyncInvocationsResponse',
      'invocations',
      'count',
    );
    const record = found.invocations.find((one) => one.request_id === requestId);
    return record && !['WAIT', 'RUNNING'].includes(record.status) ? record : undefined;
  });
}

async function logDetail(urn) {
  const request = new fg.ShowLtsLogDetailsRequest().withFunctionUrn(urn);
  return body(
    await life.functions.showLtsLogDetails(request),
    'ShowLtsLogDetailsResponse',
    'group_name',
    'group_id',
    'stream_name',
    'stream_id',
  );
}

/** There is no package of LTS for Node.js: the client of the core makes the request. */
async function logs(detail, keywords) {
  const found = await life.core.sendRequest({
    method: 'POST',
    url: '/v2/{project_id}/groups/{log_group_id}/streams/{log_stream_id}/content/query',
    contentType: 'application/json;charset=UTF-8',
    queryParams: {},
    pathParams: { log_group_id: detail.group_id, log_stream_id: detail.stream_id },
    headers: {},
    data: {
      start_time: String(Date.now() - 3_600_000),
      end_time: String(Date.now() + 60_000),
      keywords,
      highlight: false,
    },
  });
  check(
    Number.isInteger(found.count) &&
      Array.isArray(found.logs) &&
      typeof found.isQueryComplete === 'boolean',
    'the lines:',
    found,
  );
  check(
    found.logs.every(
      (line) => typeof line.content === 'string' && typeof line.line_num === 'string',
    ),
    'a line:',
    found.logs,
  );
  return found.logs;
}

step('the project is found by IAM', async () => {
  const identity = iam.IamClient.newBuilder()
    .withEndpoint(process.env.HUAWEICLOUD_SDK_IAM_ENDPOINT)
    .build();
  const found = await identity.keystoneListProjects(
    new iam.KeystoneListProjectsRequest().withName(REGION),
  );
  typed.answer(IAM_MODELS, 'KeystoneListProjectsResponse', found, 'projects', 'links');
  equal(
    found.projects.map((project) => project.name),
    [REGION],
    'the projects',
  );
  const domains = await identity.keystoneListAuthDomains(new iam.KeystoneListAuthDomainsRequest());
  typed.answer(IAM_MODELS, 'KeystoneListAuthDomainsResponse', domains, 'domains', 'links');
  equal(domains.domains.length, 1, 'the number of domains');
  life.project = found.projects[0].id;
  life.functions = fg.FunctionGraphClient.newBuilder().withRegion(region).build();
  life.core = new ClientBuilder((made) => made, 'BasicCredentials').withRegion(region).build();
  life.urn = `urn:fss:${REGION}:${life.project}:function:default:shop`;
  // The first request asks IAM for the project.
  body(
    await life.functions.listFunctions(new fg.ListFunctionsRequest()),
    'ListFunctionsResponse',
    'functions',
  );
});

step('a function is created from a package', async () => {
  const content = read('FG_SDK_STATE');
  const sent = createBody('shop', content, {})
    .withUserData(JSON.stringify({ GREETING: 'One' }))
    .withDescription('a shop, déjà vu')
    .withXrole('configuration-agency')
    .withAppXrole('execution-agency')
    .withLtsCustomTag({ team: 'shop' });
  const made = await life.functions.createFunction(new fg.CreateFunctionRequest().withBody(sent));
  describesFunction(made, 'CreateFunctionResponse');
  typed.echoes(sent, made, 'func_code');
  equal(made.func_urn, `${life.urn}:latest`, 'the URN, with its version');
  equal(made.digest, digest(content), 'the digest');
  equal(made.code_size, content.length, 'the size of the code');
  await refused(409, 'FSS.1061', () => create('shop', content));
  await refused(400, 'FSS.1007', () => create('refused', content, { memory_size: 100 }));
  await refused(400, 'FSS.1011', () => create('refused', Buffer.from('not a zip file')));
  await refused(404, 'FSS.1051', () => config(life.urn.replace('shop', 'refused')));
});

step('a wrong key is refused', async () => {
  const credentials = new BasicCredentials()
    .withAk(process.env.HUAWEICLOUD_SDK_AK)
    .withSk('wrong')
    .withProjectId(life.project);
  const stranger = fg.FunctionGraphClient.newBuilder()
    .withCredential(credentials)
    .withRegion(region)
    .build();
  await refused(401, undefined, () => stranger.listFunctions(new fg.ListFunctionsRequest()));
});

step('functions are listed, their configuration and code are shown', async () => {
  body(await create('greeter', read('FG_SDK_GREET')), 'CreateFunctionResponse');
  life.greeter = life.urn.replace('shop', 'greeter');
  const listed = await life.functions.listFunctions(new fg.ListFunctionsRequest());
  body(listed, 'ListFunctionsResponse', 'functions', 'next_marker', 'count');
  equal(listed.functions.map((one) => one.func_name).sort(), ['greeter', 'shop'], 'the functions');
  const named = await life.functions.listFunctions(
    new fg.ListFunctionsRequest().withFuncName('hop').withMarker('0').withMaxitems('10'),
  );
  equal(
    named.functions.map((one) => one.func_name),
    ['shop'],
    'the functions with `hop` in their names',
  );
  const shown = describesFunction(await config(`${life.urn}:latest`), 'ShowFunctionConfigResponse');
  equal(shown.description, 'a shop, déjà vu', 'the description');
  const code = await life.functions.showFunctionCode(
    new fg.ShowFunctionCodeRequest().withFunctionUrn(life.urn),
  );
  body(
    code,
    'ShowFunctionCodeResponse',
    'func_urn',
    'func_name',
    'runtime',
    'code_type',
    'code_size',
    'digest',
    'last_modified',
    'func_code',
  );
  equal(code.digest, shown.digest, 'the digest');
});

step('it is invoked', async () => {
  let answer = await invoke(life.urn, { item: 'Tee, süß' });
  equal(answer.status, 200, 'the status in the answer');
  equal(JSON.parse(answer.result), { text: 'One! One Tee, süß.', number: 1 }, 'the result');
  equal(answer['X-Cff-Request-Id'], answer.request_id, 'the request id in the header');
  check(!answer.log, 'a log that was not asked for:', answer.log);
  answer = await invoke(life.urn, { item: 'tea' }, true);
  life.requestId = answer.request_id;
  check(answer.log.includes(answer.request_id), 'the log does not name the request:', answer.log);
  answer = await invoke(life.urn, { no: 'item' });
  check(answer.status !== 200, 'the status of a failed invocation is 200');
  check(JSON.parse(answer.result).errorMessage, 'the result:', answer.result);
});

step('it is invoked asynchronously', async () => {
  for (const [event, status] of [
    [{ item: 'tea' }, 'SUCCESS'],
    [{ no: 'item' }, 'FAIL'],
  ]) {
    const sent = await life.functions.asyncInvokeFunction(
      new fg.AsyncInvokeFunctionRequest().withFunctionUrn(life.urn).withBody(event),
    );
    body(sent, 'AsyncInvokeFunctionResponse', 'request_id');
    equal(sent.httpStatusCode, 202, 'the status');
    equal((await ended(life.urn, sent.request_id)).status, status, 'the state of the invocation');
  }
  const found = await life.functions.listAsyncInvocations(
    new fg.ListAsyncInvocationsRequest()
      .withFunctionUrn(life.urn)
      .withQueryBeginTime(new Date(Date.now() - 3_600_000).toISOString().slice(0, 19))
      .withStatus('FAIL'),
  );
  equal(found.invocations.length, 1, 'the number of failed invocations');
});

step('it is published twice', async () => {
  const publish = async (name) => {
    const sent = new fg.CreateFunctionVersionRequestBody()
      .withVersion(name)
      .withDescription(`version ${name}`);
    const request = new fg.CreateFunctionVersionRequest().withFunctionUrn(life.urn).withBody(sent);
    return describesFunction(
      await life.functions.createFunctionVersion(request),
      'CreateFunctionVersionResponse',
      'version_description',
    );
  };
  equal((await publish('v1')).version, 'v1', 'the version');
  await refused(400, 'FSS.1016', () => publish('v1again'));
  const sent = new fg.UpdateFunctionConfigRequestBody()
    .withFuncName('shop')
    .withRuntime('Custom')
    .withTimeout(20)
    .withHandler('bootstrap')
    .withMemorySize(256)
    .withUserData(JSON.stringify({ GREETING: 'Two' }));
  const changed = await life.functions.updateFunctionConfig(
    new fg.UpdateFunctionConfigRequest().withFunctionUrn(life.urn).withBody(sent),
  );
  describesFunction(changed, 'UpdateFunctionConfigResponse');
  typed.echoes(sent, changed);
  await publish('v2');
  const listed = await life.functions.listFunctionVersions(
    new fg.ListFunctionVersionsRequest().withFunctionUrn(life.urn),
  );
  body(listed, 'ListFunctionVersionsResponse', 'versions', 'count');
  equal(listed.versions.map((one) => one.version).sort(), ['latest', 'v1', 'v2'], 'the versions');
  equal(
    [await order(`${life.urn}:v1`), await order(`${life.urn}:v2`)],
    ['One', 'Two'],
    'who answers',
  );
});

async function alias(settings) {
  const sent = Object.assign(new fg.UpdateVersionAliasRequestBody().withVersion('v1'), settings);
  const request = new fg.UpdateVersionAliasRequest()
    .withFunctionUrn(life.urn)
    .withAliasName('prod')
    .withBody(sent);
  const changed = body(
    await life.functions.updateVersionAlias(request),
    'UpdateVersionAliasResponse',
    'name',
    'version',
    'alias_urn',
  );
  typed.echoes(sent, changed);
}

/** How many of the calls the second version answers. */
async function share(calls) {
  let two = 0;
  for (let call = 0; call < calls; call += 1) {
    const word = await order(`${life.urn}:!prod`);
    check(['One', 'Two'].includes(word), 'who answers:', word);
    if (word === 'Two') two += 1;
  }
  return two;
}

step('an alias shares invocations, and is rolled back', async () => {
  const sent = new fg.CreateVersionAliasRequestBody()
    .withName('prod')
    .withVersion('v1')
    .withAdditionalVersionWeights({ v2: 30 });
  const made = await life.functions.createVersionAlias(
    new fg.CreateVersionAliasRequest().withFunctionUrn(life.urn).withBody(sent),
  );
  body(
    made,
    'CreateVersionAliasResponse',
    'name',
    'version',
    'alias_urn',
    'last_modified',
    'additional_version_weights',
  );
  typed.echoes(sent, made);
  // 60 are expected, and the standard deviation is 6.5: five of them on either side fail once in
  // 1.7 million runs.
  const two = await share(200);
  check(
    two >= 27 && two <= 93,
    `of 200 invocations ${two} went to the version with a weight of 30`,
  );
  const rule = new fg.VersionStrategyRules()
    .withRuleType('Header')
    .withParam('X-Canary')
    .withOp('=')
    .withValue('yes');
  await alias({
    additional_version_strategy: {
      v2: new fg.VersionStrategy().withCombineType('and').withRules([rule]),
    },
  });
  const shown = await life.functions.showVersionAlias(
    new fg.ShowVersionAliasRequest().withFunctionUrn(life.urn).withAliasName('prod'),
  );
  body(shown, 'ShowVersionAliasResponse', 'additional_version_strategy');
  equal(await share(5), 0, 'without the header, the second version');
  const called = await life.core.sendRequest({
    method: 'POST',
    url: '/v2/{project_id}/fgs/functions/{function_urn}/invocations',
    contentType: 'application/json',
    queryParams: {},
    pathParams: { function_urn: `${life.urn}:!prod` },
    headers: { 'X-CFF-Request-Version': 'v1', 'X-Canary': 'yes' },
    data: { item: 'tea' },
  });
  check(
    called.result.includes('Two!'),
    'with the header, the second version does not answer:',
    called,
  );
  await alias({ version: 'v2' });
  equal(await share(5), 5, 'after the rollout, the second version');
  await alias({ version: 'v1' });
  equal(await share(5), 0, 'after the rollback, the second version');
  const listed = await life.functions.listVersionAliases(
    new fg.ListVersionAliasesRequest().withFunctionUrn(life.urn),
  );
  equal(
    body(listed, 'ListVersionAliasesResponse').map((one) => one.name),
    ['prod'],
    'the aliases',
  );
});

step('code is updated', async () => {
  const content = read('FG_SDK_GREET');
  const sent = new fg.UpdateFunctionCodeRequestBody()
    .withCodeType('zip')
    .withCodeFilename('greet.zip')
    .withFuncCode(new fg.FuncCode().withFile(content.toString('base64')));
  const changed = await life.functions.updateFunctionCode(
    new fg.UpdateFunctionCodeRequest().withFunctionUrn(life.urn).withBody(sent),
  );
  body(
    changed,
    'UpdateFunctionCodeResponse',
    'func_urn',
    'func_name',
    'code_type',
    'code_size',
    'digest',
    'last_modified',
  );
  equal(changed.digest, digest(content), 'the digest');
  equal(
    JSON.parse((await invoke(life.urn, { name: 'Ada' })).result),
    { message: 'Hello, Ada!' },
    'the result of the new code',
  );
  equal(await order(`${life.urn}:!prod`), 'One', 'who answers behind the alias');
});

step('triggers are created, changed and deleted', async () => {
  const create = async (kind, data) => {
    const sent = new fg.CreateFunctionTriggerRequestBody()
      .withTriggerTypeCode(kind)
      .withEventData(Object.assign(new fg.TriggerEventDataRequestBody(), data));
    const request = new fg.CreateFunctionTriggerRequest().withFunctionUrn(life.urn).withBody(sent);
    const made = await life.functions.createFunctionTrigger(request);
    equal(made.httpStatusCode, 201, 'the status');
    body(
      made,
      'CreateFunctionTriggerResponse',
      'trigger_id',
      'trigger_type_code',
      'trigger_status',
      'event_data',
      'created_time',
    );
    return made;
  };
  const gateway = {
    name: 'api',
    env_id: 'DEFAULT_ENVIRONMENT_RELEASE_ID',
    env_name: 'RELEASE',
    protocol: 'HTTPS',
    auth: 'NONE',
    group_id: 'group',
    sl_domain: 'sl.example.com',
    match_mode: 'SWA',
    req_method: 'ANY',
    backend_type: 'FUNCTION',
    type: 1,
    path: '/store',
    instance_id: 'gateway',
    func_info: {
      function_urn: life.urn,
      invocation_type: 'sync',
      timeout: 5000,
      version: 'latest',
    },
  };
  const made = [
    await create('TIMER', {
      name: 'hourly',
      schedule_type: 'Rate',
      schedule: '1h',
      user_event: '{}',
    }),
    await create('DEDICATEDGATEWAY', gateway),
    await create('OBS', {
      name: 'uploads',
      bucket: 'pictures',
      events: ['s3:ObjectCreated:*'],
      prefix: 'in/',
    }),
    await create('SMN', { topic_urn: `urn:smn:${REGION}:${life.project}:orders` }),
    await create('KAFKA', {
      instance_id: 'kafka',
      topic_ids: ['orders'],
      batch_size: 100,
      kafka_ssl_enable: true,
    }),
    await create('LTS', { log_group_id: 'group', log_topic_id: 'topic' }),
  ];
  const list = async () =>
    body(
      await life.functions.listFunctionTriggers(
        new fg.ListFunctionTriggersRequest().withFunctionUrn(life.urn),
      ),
      'ListFunctionTriggersResponse',
    );
  equal(
    (await list()).map((one) => one.trigger_id).sort(),
    made.map((one) => one.trigger_id).sort(),
    'the triggers',
  );
  const address = (kind, { trigger_type_code, trigger_id }) =>
    new kind()
      .withFunctionUrn(life.urn)
      .withTriggerTypeCode(trigger_type_code)
      .withTriggerId(trigger_id);
  const show = async (one) =>
    body(
      await life.functions.showFunctionTrigger(address(fg.ShowFunctionTriggerRequest, one)),
      'ShowFunctionTriggerResponse',
      'event_data',
    );
  equal((await show(made[4])).trigger_status, 'DISABLED', 'the state of a new trigger of Kafka');
  const change = address(fg.UpdateTriggerRequest, made[4]).withBody(
    new fg.UpdateTriggerRequestBody().withTriggerStatus('ACTIVE'),
  );
  body(
    await life.functions.updateTrigger(change),
    'UpdateTriggerResponse',
    'trigger_id',
    'event_data',
  );
  equal((await show(made[4])).trigger_status, 'ACTIVE', 'its state after that');
  await life.functions.deleteFunctionTrigger(address(fg.DeleteFunctionTriggerRequest, made[0]));
  await refused(404, undefined, () => show(made[0]));
  await life.functions.batchDeleteFunctionTriggers(
    new fg.BatchDeleteFunctionTriggersRequest().withFunctionUrn(life.urn),
  );
  equal((await list()).length, 0, 'the number of triggers that are left');
});

step('a timer fires', async () => {
  body(await create('cleaner', read('FG_SDK_TIMER_CLEANUP')), 'CreateFunctionResponse');
  const urn = life.urn.replace('shop', 'cleaner');
  const detail = await logDetail(urn);
  const data = Object.assign(new fg.TriggerEventDataRequestBody(), {
    name: 'often',
    schedule_type: 'Cron',
    schedule: '@every 1s',
    user_event: JSON.stringify({ keep_days: 7 }),
  });
  const sent = new fg.CreateFunctionTriggerRequestBody()
    .withTriggerTypeCode('TIMER')
    .withTriggerStatus('ACTIVE')
    .withEventData(data);
  await life.functions.createFunctionTrigger(
    new fg.CreateFunctionTriggerRequest().withFunctionUrn(urn).withBody(sent),
  );
  await wait(
    'two invocations by the timer',
    async () => (await logs(detail, 'removing what is older than')).length >= 2,
  );
  await life.functions.batchDeleteFunctionTriggers(
    new fg.BatchDeleteFunctionTriggersRequest().withFunctionUrn(urn),
  );
});

step('a result goes to its destination', async () => {
  const destination = new fg.FuncDestinationConfig()
    .withDestination('FunctionGraph')
    .withParam(JSON.stringify({ func_urn: life.urn }));
  const sent = new fg.UpdateFunctionAsyncInvokeConfigRequestBody()
    .withMaxAsyncEventAgeInSeconds(600)
    .withMaxAsyncRetryAttempts(0)
    .withDestinationConfig(new fg.FuncAsyncDestinationConfig().withOnSuccess(destination));
  const request = new fg.UpdateFunctionAsyncInvokeConfigRequest()
    .withFunctionUrn(life.greeter)
    .withBody(sent);
  const changed = await life.functions.updateFunctionAsyncInvokeConfig(request);
  body(
    changed,
    'UpdateFunctionAsyncInvokeConfigResponse',
    'func_urn',
    'max_async_event_age_in_seconds',
    'destination_config',
  );
  typed.echoes(sent, changed);
  const count = async () =>
    (
      await life.functions.listAsyncInvocations(
        new fg.ListAsyncInvocationsRequest().withFunctionUrn(life.urn).withLimit('500'),
      )
    ).invocations.length;
  const before = await count();
  const called = await life.functions.asyncInvokeFunction(
    new fg.AsyncInvokeFunctionRequest().withFunctionUrn(life.greeter).withBody({ name: 'Ada' }),
  );
  equal(
    (await ended(life.greeter, called.request_id)).status,
    'SUCCESS',
    'the state of the invocation',
  );
  await wait('the invocation of the destination', async () => (await count()) > before);
  await life.functions.deleteFunctionAsyncInvokeConfig(
    new fg.DeleteFunctionAsyncInvokeConfigRequest().withFunctionUrn(life.greeter),
  );
});

step('an asynchronous invocation is cancelled', async () => {
  body(await create('sleeper', read('FG_SDK_SLEEPER')), 'CreateFunctionResponse');
  const urn = life.urn.replace('shop', 'sleeper');
  const sent = await life.functions.asyncInvokeFunction(
    new fg.AsyncInvokeFunctionRequest().withFunctionUrn(urn).withBody({ name: 'Ada' }),
  );
  await wait('an active invocation', async () => {
    const request = new fg.ListActiveAsyncInvocationsRequest()
      .withFunctionUrn(urn)
      .withRequests(sent.request_id);
    const found = await life.functions.listActiveAsyncInvocations(request);
    body(found, 'ListActiveAsyncInvocationsResponse', 'invocations', 'count');
    return found.invocations.length === 1;
  });
  const cancel = (requestId) => {
    const sent = new fg.CancelAsyncInvocationRequestBody()
      .withRequestId(requestId)
      .withType('force');
    return life.functions.cancelAsyncInvocation(
      new fg.CancelAsyncInvocationRequest().withFunctionUrn(urn).withBody(sent),
    );
  };
  equal((await cancel(sent.request_id)).httpStatusCode, 200, 'the status');
  const { status } = await ended(urn, sent.request_id);
  check(['FAIL', 'DISCARD'].includes(status), 'the state of a cancelled invocation:', status);
  await refused(400, undefined, () => cancel('00000000-0000-4000-8000-000000000000'));
});

step('tags, reserved instances and test events are kept', async () => {
  const tag = (kind, action, key, value) =>
    new kind()
      .withResourceType('functions')
      .withResourceId(life.urn)
      .withBody(
        new fg.UpdateFunctionTagsRequestBody()
          .withAction(action)
          .withTags([new fg.KvItem().withKey(key).withValue(value)]),
      );
  const tags = async () =>
    body(
      await life.functions.listFunctionTags(
        new fg.ListFunctionTagsRequest().withResourceType('functions').withResourceId(life.urn),
      ),
      'ListFunctionTagsResponse',
      'tags',
      'sys_tags',
    ).tags;
  equal(
    (await life.functions.createTags(tag(fg.CreateTagsRequest, 'create', 'team', 'shop')))
      .httpStatusCode,
    204,
    'the status',
  );
  equal(await tags(), [{ key: 'team', value: 'shop' }], 'the tags');
  equal(
    (await life.functions.deleteTags(tag(fg.DeleteTagsRequest, 'delete', 'team', 'shop')))
      .httpStatusCode,
    204,
    'the status',
  );
  equal(await tags(), [], 'the tags that are left');

  const reserve = (count) =>
    life.functions.updateFunctionReservedInstancesCount(
      new fg.UpdateFunctionReservedInstancesCountRequest()
        .withFunctionUrn(`${life.urn}:v2`)
        .withBody(
          new fg.UpdateFunctionReservedInstancesCountRequestBody()
            .withCount(count)
            .withIdleMode(false),
        ),
    );
  const reserved = async () =>
    body(
      await life.functions.listReservedInstanceConfigs(
        new fg.ListReservedInstanceConfigsRequest().withFunctionUrn(life.urn),
      ),
      'ListReservedInstanceConfigsResponse',
      'reserved_instances',
      'page_info',
      'count',
    ).reserved_instances;
  body(await reserve(1), 'UpdateFunctionReservedInstancesCountResponse', 'count');
  equal(
    (await reserved()).map((one) => [one.qualifier_type, one.qualifier_name, one.min_count]),
    [['version', 'v2', 1]],
    'what is reserved',
  );
  await reserve(0);
  equal(await reserved(), [], 'what is reserved after that');

  const content = Buffer.from('{"item":"tea"}').toString('base64');
  const made = body(
    await life.functions.createEvent(
      new fg.CreateEventRequest()
        .withFunctionUrn(life.urn)
        .withBody(new fg.CreateEventRequestBody().withName('tea').withContent(content)),
    ),
    'CreateEventResponse',
    'id',
    'name',
  );
  const shown = await life.functions.showEvent(
    new fg.ShowEventRequest().withFunctionUrn(life.urn).withEventId(made.id),
  );
  equal(body(shown, 'ShowEventResponse', 'id', 'last_modified').content, content, 'the event');
  body(
    await life.functions.listEvents(new fg.ListEventsRequest().withFunctionUrn(life.urn)),
    'ListEventsResponse',
    'events',
    'count',
  );
  await life.functions.deleteEvent(
    new fg.DeleteEventRequest().withFunctionUrn(life.urn).withEventId(made.id),
  );
  await refused(404, 'FSS.1070', () =>
    life.functions.showEvent(
      new fg.ShowEventRequest().withFunctionUrn(life.urn).withEventId(made.id),
    ),
  );
});

step('logs are found, and what ran is measured', async () => {
  const detail = await logDetail(life.urn);
  const lines = await wait('the log of a request', async () => {
    const found = await logs(detail, life.requestId);
    return found.length > 0 ? found : undefined;
  });
  check(
    lines.every((line) => line.content.includes(life.requestId)),
    'lines without the keyword:',
    lines,
  );
  const sla = await life.functions.showFunctionMetrics(
    new fg.ShowFunctionMetricsRequest().withFuncUrn(life.urn).withPeriod('60'),
  );
  body(
    sla,
    'ShowFunctionMetricsResponse',
    'count',
    'duration',
    'fail_count',
    'max_duration',
    'min_duration',
    'reject_count',
  );
  // A minute in which nothing ran has the value -1.
  const runs = sla.count.reduce((sum, point) => sum + Math.max(point.value, 0), 0);
  check(runs >= 200, `${runs} invocations were counted, and there were more than 200`);
  const statistics = await life.functions.listFunctionStatistics(
    new fg.ListFunctionStatisticsRequest().withFuncUrn(life.urn).withPeriod('60'),
  );
  body(statistics, 'ListFunctionStatisticsResponse', 'count', 'duration', 'fail_count');
});

step('quotas are listed, and instances are limited', async () => {
  body(await life.functions.listQuotas(new fg.ListQuotasRequest()), 'ListQuotasResponse', 'quotas');
  for (const number of [0, -1]) {
    const sent = new fg.UpdateFunctionMaxInstanceConfigRequestBody().withMaxInstanceNum(number);
    const request = new fg.UpdateFunctionMaxInstanceConfigRequest()
      .withFunctionUrn(life.greeter)
      .withBody(sent);
    const changed = body(
      await life.functions.updateFunctionMaxInstanceConfig(request),
      'UpdateFunctionMaxInstanceConfigResponse',
      'strategy_config',
    );
    equal(changed.strategy_config.concurrency, number, 'the number of instances');
  }
});

step('it is exported and imported', async () => {
  // As text, which is the default, the file would be spoilt.
  const binary = fg.FunctionGraphClient.newBuilder()
    .withRegion(region)
    .withOptions({ axiosRequestConfig: { responseType: 'arraybuffer' } })
    .build();
  const exported = await binary.exportFunction(
    new fg.ExportFunctionRequest().withFunctionUrn(life.greeter).withConfig(true).withCode(true),
  );
  check(Buffer.isBuffer(exported.body), 'the exported file came as', typeof exported.body);
  const sent = new fg.ImportFunctionRequestBody()
    .withFuncName('copy')
    .withFileName('greeter.zip')
    .withFileType('zip')
    .withFileCode(exported.body.toString('base64'))
    .withPackage('default');
  const made = await life.functions.importFunction(new fg.ImportFunctionRequest().withBody(sent));
  describesFunction(made, 'ImportFunctionResponse');
  equal(
    JSON.parse((await invoke(life.urn.replace('shop', 'copy'), { name: 'Ada' })).result),
    { message: 'Hello, Ada!' },
    'the result of the imported function',
  );
});

step('everything is deleted', async () => {
  await life.functions.deleteVersionAlias(
    new fg.DeleteVersionAliasRequest().withFunctionUrn(life.urn).withAliasName('prod'),
  );
  await life.functions.deleteFunction(
    new fg.DeleteFunctionRequest().withFunctionUrn(`${life.urn}:v1`),
  );
  await refused(404, 'FSS.1052', () => config(`${life.urn}:v1`));
  const listed = await life.functions.listFunctions(new fg.ListFunctionsRequest());
  for (const one of listed.functions) {
    const done = await life.functions.deleteFunction(
      new fg.DeleteFunctionRequest().withFunctionUrn(one.func_urn.replace(/:[^:]*$/, '')),
    );
    equal(done.httpStatusCode, 204, 'the status');
  }
  await refused(404, 'FSS.1051', () => invoke(life.urn, {}));
});

runAll();
