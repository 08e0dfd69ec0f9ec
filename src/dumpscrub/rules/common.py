"""Words that stand so often in the memory of any process that they make poor anchors."""

from __future__ import annotations

_WORDS = """
access account admin allow api app application archive array async auth authorization aws azure base based
basic bearer bin body bool buffer build byte cache call char class client cloud code com common config
connection const container content context cookie core count create credential credentials data database date
db debug default delete detail dev device digest domain email encoding entity entry env environment err error
event exception export false field file filter format function get git google group guid handle hash head
header host html http https index info init input int integer interface internal item java json key label
length level lib line link list load local location lock log login main manager map message meta method
microsoft mode model module name net network new node null number object offset open option options org output
package page param parameter parse pass password path port post private process project property proxy public
query queue read ref reference region remote remove request resource response result return role root route
rule run schema scope script search secret section security send server service session set setting settings
sid size source sql ssl start state static status storage store stream string struct sub success sys system
table tag task temp template test text thread time title tls token tool trace true type uid update uri url
user username utf uuid value var version view web window windows write www xml
"""
COMMON = frozenset(_WORDS.split())
"""In lower case. Measure others with ``dumpscrub rules check --against FILE``."""
