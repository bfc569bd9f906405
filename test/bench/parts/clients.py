"""The ACME clients that can be measured: how each is configured, and how it shows its progress.

A client object belongs to one store.  `directives` is called again for each configuration,
so that one store can serve several.
"""

import glob
import os
import pathlib
import re

from harness import paths


class JprsAcme:
    name = "jprs_acme"
    modules = ()

    def __init__(self, folder):
        self.store = pathlib.Path(folder) / "store"
        self.eab_file = pathlib.Path(folder) / "eab"

    def load_lines(self):
        return [f"LoadModule jprs_acme_module {paths.module()}",
                "LogLevel jprs_acme:info"]

    def directives(self, far_ca, domains, keys):
        """domains: lists of names; keys: "p256", "rsa2048" or None for the default."""
        self.eab_file.write_text(f"kid: {far_ca.ca.kid}\nhmac: {far_ca.ca.hmac}\n")
        os.chmod(self.eab_file, 0o600)
        return [
            f"ManagedDomainStore {self.store}",
            f"ManagedDomainCA {far_ca.directory_url}",
            f"ManagedDomainCACertificateFile {far_ca.ca.anchor_file}",
            "ManagedDomainContact admin@example.jp",
            "ManagedDomainAgreement accepted",
            f"ManagedDomainExternalAccount file:{self.eab_file}",
            *([f"ManagedDomainKeys {keys}"] if keys else []),
            *[f"ManagedDomain {' '.join(names)}" for names in domains],
        ]

    def is_staged(self, name):
        """A staged set appears by one rename; one already committed counts as well."""
        return (self.store / "staging" / name).is_dir() or self.is_live(name)

    def is_live(self, name):
        return (self.store / "live" / name / "fullchain.pem").exists()

    def live_files(self, name):
        live = self.store / "live" / name
        return live / "fullchain.pem", live / "privkey.pem"

    @staticmethod
    def longest_tick_ms(error_log):
        """Of the runner's loop, which it logs at the end of a batch; None if it hasn't yet."""
        ticks = re.findall(r"longest tick (\d+) ms", error_log)
        return max(map(int, ticks)) if ticks else None


class ModMd:
    """Apache's own mod_md, as Debian ships it: the peer to compare with."""

    name = "mod_md"
    modules = ("md",)
    KEYS = {"p256": "P-256", "rsa2048": "RSA 2048"}

    def __init__(self, folder):
        self.store = pathlib.Path(folder) / "md"

    def load_lines(self):
        return []

    def directives(self, far_ca, domains, keys):
        return [
            f"MDStoreDir {self.store}",
            f"MDCertificateAuthority {far_ca.directory_url}",
            f"MDCACertificateFile {far_ca.ca.anchor_file}",
            "MDContactEmail admin@example.jp",
            "MDCertificateAgreement accepted",
            f"MDExternalAccountBinding {far_ca.ca.kid} {far_ca.ca.hmac}",
            f"MDPortMap http:{far_ca.ca.http_port}",
            "MDCAChallenges http-01",
            *([f"MDPrivateKeys {self.KEYS[keys]}"] if keys else []),
            *[f"MDomain {' '.join(names)}" for names in domains],
        ]

    def is_staged(self, name):
        return bool(self._chains("staging", name)) or self.is_live(name)

    def is_live(self, name):
        return bool(self._chains("domains", name))

    def live_files(self, name):
        (chain,) = self._chains("domains", name)
        return chain, chain.replace("/pubcert", "/privkey")

    def _chains(self, folder, name):
        # Not pathlib's glob: that raises when the folder, which mod_md makes anew, is gone.
        return glob.glob(f"{self.store}/{folder}/{name}/pubcert*.pem")

    @staticmethod
    def longest_tick_ms(_error_log):
        return None


CLIENTS = {client.name: client for client in (JprsAcme, ModMd)}
