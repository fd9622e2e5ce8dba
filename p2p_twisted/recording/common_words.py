"""Words of which sentences in recordings consist, and that name nobody."""

from typing import Final

_WORDS: Final = """
    a about address addresses after again all already also an and another answer answered answers
    any anybody are as asked at available back be because been before begins behind broke but by
    bytes came can cannot certificate change changed chunk chunks clock closed connect connected
    connection contact content copied could cut damaged dial dialed did direct directory disk do
    does done down download downloaded downloads drive either end ended ends error expired failed
    fails file files first folder folders for found free from full gave gets given go goes gone
    goodbye had has hash hashed hashing have he here holder holders how if ignored in instead into
    invalid invite is it its key know known knows lacks last later lease leave leaves left less
    limit link linked links lists listen listens local log long longer lost machine made may memory
    message messages missing more moved name names needed neighbor neighbors network never new no
    nobody none not nothing now of off old on once one only open or other others out over own part
    peer peers permission permitted piece port reach reachable read ready refused refuses registered
    registry remote removed renewed reset reversed revoked run running runs said same saved says
    seconds sees send sends sent server share shared shares silent since slow small so some sooner
    space started state still stopped stops store storage taken than that the their them then there
    these they this those through time times timed to too took transfer try two unknown unreachable
    until up upload verified verify wait waits waiting was were what when where which while who
    whole why will with without write written wrong yet your
"""

COMMON_WORDS: Final = frozenset(_WORDS.split())
"""Of a sentence, an anonymous recording keeps these alone."""
