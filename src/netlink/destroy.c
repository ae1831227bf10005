/* SOCK_DESTROY by cookie: the kernel would take a listener in place of a connection that is gone,
 * so the socket is looked up first, and the request then means that one socket or none. */
#include "netlink/destroy.h"

#include <linux/sock_diag.h>

#include "netlink/ask.h"
#include "netlink/diag_request.h"

int destroy_socket(const struct diag_tuple *tuple)
{
        struct diag_request request;
        struct diag_socket socket;
        int r;

        r = diag_look(tuple, &socket);
        if (r)
                return r;
        r = diag_request(tuple, socket.cookie, SOCK_DESTROY, NLM_F_ACK, &request);
        if (r)
                return r;
        return ask(NETLINK_SOCK_DIAG, (struct nlmsghdr *)request.bytes, NULL, NULL);
}
