/* Zeek's connection states, in words of our own. "Originator" is Zeek's client, "responder" its server. */
#include "words/conn_state.h"

#include "words/word.h"

static const struct word states[N_CONN_STATES] = {
        [CONN_STATE_S0] = { "S0", "A SYN, and no answer." },
        [CONN_STATE_S1] = { "S1", "Established, and not ended." },
        [CONN_STATE_SF] = { "SF", "Both sides sent a FIN." },
        [CONN_STATE_REJ] = { "REJ", "The responder reset the attempt to connect." },
        [CONN_STATE_S2] = { "S2", "Established, and only the originator sent a FIN." },
        [CONN_STATE_S3] = { "S3", "Established, and only the responder sent a FIN." },
        [CONN_STATE_RSTO] = { "RSTO", "The originator reset it; both sides had been seen." },
        [CONN_STATE_RSTR] = { "RSTR", "The responder reset it." },
        [CONN_STATE_RSTOS0] = { "RSTOS0", "The originator sent a SYN and then a RST; no SYN-ACK was seen." },
        [CONN_STATE_RSTRH] = { "RSTRH", "The responder sent a SYN-ACK and then a RST; no SYN was seen." },
        [CONN_STATE_SH] = { "SH", "The originator sent a SYN and then a FIN; no SYN-ACK was seen." },
        [CONN_STATE_SHR] = { "SHR", "The responder sent a SYN-ACK and then a FIN; no SYN was seen." },
        [CONN_STATE_OTH] = { "OTH", "None of the others: as a rule its start was not seen." },
};

WORD_FUNCTIONS(conn_state, states)
