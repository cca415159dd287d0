"""Amazon's own client, for tests: makes what they need, and signs requests as it does.

usage: kms_aws.py key ENDPOINT SPEC ALIAS         a key with its alias; prints its id and its ARN
       kms_aws.py user ENDPOINT                   somebody who may use KMS; prints an access key and its secret
       kms_aws.py signed URL DATE HEADERS BODY    the header Authorization of a request; headers are JSON
       kms_aws.py asked ENDPOINT DATE KEY         headers and body of its own request for a public key, as JSON
Credentials and region come from the environment.
"""
import datetime
import json
import sys

import boto3
import botocore.auth
from botocore.awsrequest import AWSRequest


def at(date):
    """From now on requests are signed at this time."""
    when = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: when.replace(tzinfo=None) if remove_tzinfo else when


def key(endpoint, spec, alias):
    kms = boto3.client("kms", endpoint_url=endpoint)
    made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
    print(made["KeyId"], made["Arn"])


def user(endpoint):
    iam = boto3.client("iam", endpoint_url=endpoint)
    iam.create_user(UserName="signer")
    allowed = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="signer", PolicyName="kms", PolicyDocument=policy)
    made = iam.create_access_key(UserName="signer")["AccessKey"]
    print(made["AccessKeyId"], made["SecretAccessKey"])


def signed(url, date, headers, body):
    at(date)
    session = boto3.Session()
    request = AWSRequest("POST", url, headers=json.loads(headers), data=body.encode())
    botocore.auth.SigV4Auth(session.get_credentials(), "kms", session.region_name).add_auth(request)
    print(request.headers["Authorization"])


def asked(endpoint, date, name):
    at(date)
    kms = boto3.client("kms", endpoint_url=endpoint)

    def show(request, **_):
        text = lambda value: value.decode() if isinstance(value, bytes) else value
        print(json.dumps({"headers": {k: text(v) for k, v in request.headers.items()}, "body": text(request.body)}))
        sys.exit()

    kms.meta.events.register("before-send", show)
    kms.get_public_key(KeyId=name)


{"key": key, "user": user, "signed": signed, "asked": asked}[sys.argv[1]](*sys.argv[2:])
