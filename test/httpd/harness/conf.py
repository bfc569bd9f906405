"""Text of httpd.conf, as small functions."""

from . import paths

# Always loaded.  Debian has core, http, log_config, so, unixd, version and watchdog built in.
BASE_MODULES = ("authz_core", "authz_host", "mime", "dir", "alias", "rewrite", "status",
                "socache_shmcb", "ssl")

_MPM = {
    "event": "StartServers 2\nThreadsPerChild 8\nMinSpareThreads 8\nMaxSpareThreads 64\n"
             "ServerLimit 8\nMaxRequestWorkers 64",
    "worker": "StartServers 2\nThreadsPerChild 8\nMinSpareThreads 8\nMaxSpareThreads 64\n"
              "ServerLimit 8\nMaxRequestWorkers 64",
    "prefork": "StartServers 4\nMinSpareServers 2\nMaxSpareServers 8\nMaxRequestWorkers 32",
}


def load(*names):
    return "\n".join(f"LoadModule {name}_module {paths.APACHE_MODULES}/mod_{name}.so"
                     for name in names)


def main(root, http_port, https_port, mpm, modules, with_module):
    """The whole main file; what a test varies is in acme.conf and sites.conf."""
    return f"""\
ServerRoot "{root}"
DefaultRuntimeDir "{root}/run"
PidFile "{root}/run/httpd.pid"
{load("mpm_" + mpm, *BASE_MODULES, *modules)}
{f"LoadModule jprs_acme_module {paths.module()}" if with_module else ""}
User www-data
Group www-data
ServerName localhost
Listen 127.0.0.1:{http_port}
Listen 127.0.0.1:{https_port}
{_MPM[mpm]}
GracefulShutdownTimeout 5
ErrorLog "{root}/logs/error_log"
LogLevel warn{" jprs_acme:debug" if with_module else ""}
LogFormat "%v %h \\"%r\\" %>s %b" seen
CustomLog "{root}/logs/access_log" seen
TypesConfig "{root}/conf/mime.types"
<IfModule ssl_module>
    SSLSessionCache "shmcb:{root}/run/ssl_scache(512000)"
</IfModule>
DocumentRoot "{root}/htdocs"
<Directory "/">
    Require all denied
</Directory>
<Directory "{root}/htdocs">
    Require all granted
</Directory>
<Location "/server-status">
    SetHandler server-status
</Location>
Include "{root}/conf/acme.conf"
Include "{root}/conf/sites.conf"
"""


def directives(**values):
    """Keys="p256 rsa2048" -> the line ManagedDomainKeys p256 rsa2048; None leaves it out."""
    return "".join(f"ManagedDomain{name} {value}\n" for name, value in values.items()
                   if value is not None)


def domain(*names, **values):
    """One managed domain: a line, or a section if it has directives of its own."""
    if not values:
        return f"ManagedDomain {' '.join(names)}\n"
    inside = "".join(f"    {line}\n" for line in directives(**values).splitlines())
    return f"<ManagedDomain {' '.join(names)}>\n{inside}</ManagedDomain>\n"


def vhost(port, name, *aliases, ssl=False, extra=""):
    lines = [f"ServerName {name}"]
    lines += [f"ServerAlias {' '.join(aliases)}"] if aliases else []
    lines += ["SSLEngine on"] if ssl else []
    lines += extra.strip().splitlines()
    inside = "".join(f"    {line}\n" for line in lines)
    return f"<VirtualHost 127.0.0.1:{port}>\n{inside}</VirtualHost>\n"
