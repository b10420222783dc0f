"""A test as a user writes it: unittest, the official SDK, and the variables that `cargo fg dev` prints.
FG_SDK_GREET is the package that `cargo fg package` has made of the function `greet`."""

import base64
import os
import unittest

from huaweicloudsdkfunctiongraph.v2 import (
    CreateFunctionRequest, CreateFunctionRequestBody, DeleteFunctionRequest, FuncCode, FunctionGraphClient,
    InvokeFunctionRequest,
)
from huaweicloudsdkfunctiongraph.v2.region.functiongraph_region import FunctionGraphRegion


class Greeting(unittest.TestCase):
    def setUp(self):
        region = FunctionGraphRegion.value_of("cn-north-4")
        self.client = FunctionGraphClient.new_builder().with_region(region).build()
        with open(os.environ["FG_SDK_GREET"], "rb") as package:
            code = FuncCode(file=base64.b64encode(package.read()).decode())
        created = self.client.create_function(CreateFunctionRequest(body=CreateFunctionRequestBody(
            func_name="example", package="default", runtime="Custom", handler="bootstrap", timeout=3,
            memory_size=128, code_type="zip", code_filename="greet.zip", func_code=code,
        )))
        self.urn = created.func_urn
        self.addCleanup(self.client.delete_function, DeleteFunctionRequest(function_urn=self.urn.rpartition(":")[0]))

    def test_it_greets_by_name(self):
        invoked = self.client.invoke_function(InvokeFunctionRequest(
            function_urn=self.urn, x_cff_request_version="v1", body={"name": "Ada"},
        ))
        self.assertEqual((invoked.status, invoked.result), (200, '{"message":"Hello, Ada!"}'))


if __name__ == "__main__":
    unittest.main()
