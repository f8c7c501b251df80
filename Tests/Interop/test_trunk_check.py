"""`tandem trunk check`, against another gateway as the provider and dnsmasq as the name service."""

import contextlib
import json
import re

import pytest
from gateway import Gateway
from names import NameServer

PROVIDER = "1000:secret-of-the-trunk:1000:Trunk"


@contextlib.contextmanager
def examined(password="secret-of-the-trunk", **environment):
    """A folder with the trunk `carrier`, known by its domain alone; the gateway of that folder does not run."""
    with Gateway(SIP_USERS=PROVIDER, **environment) as provider:
        records = [
            "naptr-record=carrier.test,10,50,s,SIP+D2U,,_sip._udp.carrier.test",
            f"srv-host=_sip._udp.carrier.test,one.carrier.test,{provider.sip_port},10,100",
            "host-record=one.carrier.test,127.0.0.1"]
        with NameServer(*records) as names:
            customer = Gateway(DNS_SERVERS=names.variable)
            added = customer.run("trunk", "add", "carrier", "--target", "carrier.test", "--username", "1000",
                                 "--password", password)
            assert added.returncode == 0, added.stderr
            yield customer
            customer.remove_folder()


def test_a_trunk_that_works_passes_from_its_name_to_a_call():
    with examined() as customer:
        check = customer.run("trunk", "check", "carrier", "--call", "9196", seconds=60)
        print(check.stdout, check.stderr)
        assert check.returncode == 0
        for part in ["NAPTR carrier.test", "SRV _sip._udp.carrier.test", "200 OK", "the password is right",
                     "9196: answered", "telephone-event", "hold and resume by re-INVITE accepted", "BYE accepted"]:
            assert part in check.stdout
        assert int(re.search(r"audio in PCMA: (\d+) packets came", check.stdout)[1]) > 50
        assert "failed" not in check.stdout


def test_a_wrong_password_fails_with_status_1_and_says_so_to_programs():
    with examined(password="not-the-password") as customer:
        check = customer.run("trunk", "check", "carrier", "--json", seconds=30)
        report = json.loads(check.stdout)
        assert check.returncode == 1 and report["trunk"] == "carrier" and not report["ok"]
        failed = [line for line in report["lines"] if line["verdict"] == "failed"]
        assert [line["step"] for line in failed] == ["registration"]
        assert "password" in failed[0]["advice"]


@pytest.mark.parametrize("arguments, status", [(["nobody"], 1), ([], 64), (["a", "b"], 64)])
def test_what_cannot_be_checked_is_said(arguments, status):
    idle = Gateway()
    check = idle.run("trunk", "check", *arguments)
    idle.remove_folder()
    assert check.returncode == status and check.stderr.startswith("tandem: ")
