/* Names of events, and what Linux turns an ICMP error into. */
#include "endpoint/event.h"

#include <errno.h>
#include <sys/socket.h>

const char *event_kind_name(enum event_kind kind)
{
        static const char *const names[N_EVENTS] = {
                [EVENT_CONNECT] = "connect",
                [EVENT_ACCEPT] = "accept",
                [EVENT_SEND] = "send",
                [EVENT_RECV] = "recv",
                [EVENT_SHUTDOWN] = "shutdown",
                [EVENT_CLOSE] = "close",
                [EVENT_DISCONNECT] = "connect(AF_UNSPEC)",
                [EVENT_GET_ERROR] = "SO_ERROR",
                [EVENT_ERROR_QUEUE] = "recvmsg(MSG_ERRQUEUE)",
                [EVENT_DESTROY] = "SOCK_DESTROY",
                [EVENT_LISTENER_CLOSED] = "listener closed",
                [EVENT_RST] = "RST",
                [EVENT_SYN] = "SYN",
                [EVENT_SYN_ACK] = "SYN-ACK",
                [EVENT_ACK] = "ACK",
                [EVENT_DATA] = "data",
                [EVENT_FIN] = "FIN",
                [EVENT_ICMP] = "ICMP",
                [EVENT_TIMER] = "timer",
        };
        return names[kind];
}

const char *send_way_name(enum send_way way)
{
        static const char *const names[N_SEND_WAYS] = {
                [SEND_SEND] = "send",       [SEND_WRITE] = "write",       [SEND_WRITEV] = "writev",
                [SEND_SENDTO] = "sendto",   [SEND_SENDMSG] = "sendmsg",   [SEND_SENDMMSG] = "sendmmsg",
                [SEND_SENDFILE] = "sendfile", [SEND_SPLICE] = "splice",
        };
        return names[way];
}

const char *recv_way_name(enum recv_way way)
{
        static const char *const names[N_RECV_WAYS] = {
                [RECV_RECV] = "recv",       [RECV_READ] = "read",         [RECV_READV] = "readv",
                [RECV_RECVMSG] = "recvmsg", [RECV_RECVMMSG] = "recvmmsg", [RECV_SPLICE] = "splice",
        };
        return names[way];
}

const char *timer_kind_name(enum timer_kind kind)
{
        static const char *const names[N_TIMERS] = {
                [TIMER_NONE] = "none",
                [TIMER_RETRANSMISSION] = "retransmission time-out",
                [TIMER_PROBE] = "zero-window probe time-out",
                [TIMER_KEEPALIVE] = "keepalive time-out",
                [TIMER_USER] = "user time-out",
                [TIMER_FIN_WAIT2] = "FIN_WAIT2 time-out",
                [TIMER_TIME_WAIT] = "end of TIME_WAIT",
                [TIMER_LINGER] = "linger time-out",
        };
        return names[kind];
}

int icmp_error_errno(enum icmp_error error, int family)
{
        bool v6 = family == AF_INET6;

        switch (error) {
        case ICMP_ERROR_HOST_UNREACHABLE:
        case ICMP_ERROR_TIME_EXCEEDED:
                return EHOSTUNREACH;
        case ICMP_ERROR_NET_UNREACHABLE:
                return ENETUNREACH;
        case ICMP_ERROR_PORT_UNREACHABLE:
                return ECONNREFUSED;
        case ICMP_ERROR_PROTOCOL_UNREACHABLE:
                return v6 ? EPROTO : ENOPROTOOPT; /* ICMPv6: unrecognized next header */
        case ICMP_ERROR_ADMIN_PROHIBITED:
                return v6 ? EACCES : EHOSTUNREACH;
        case ICMP_ERROR_TOO_BIG:
                return EMSGSIZE;
        case ICMP_ERROR_OTHER:
        case N_ICMP_ERRORS:
                break;
        }
        return EPROTO;
}

bool icmp_error_kills_request(enum icmp_error error, int family)
{
        if (family == AF_INET6)
                return error == ICMP_ERROR_PORT_UNREACHABLE || error == ICMP_ERROR_ADMIN_PROHIBITED ||
                       error == ICMP_ERROR_PROTOCOL_UNREACHABLE;
        return error == ICMP_ERROR_NET_UNREACHABLE || error == ICMP_ERROR_HOST_UNREACHABLE ||
               error == ICMP_ERROR_TIME_EXCEEDED;
}
