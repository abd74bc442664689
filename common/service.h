/*
 * service - tells systemd that a tool is ready and alive, by the datagrams of
 * sd_notify(3), where $NOTIFY_SOCKET names a socket: Type=notify, WatchdogSec=.
 */
#ifndef SERVICE_H
#define SERVICE_H

/*
 * A period is over: READY=1 the first time, WATCHDOG=1 each time.  Nobody
 * waits for the receiver: 0, also without a socket, or -errno.
 */
int service_alive(void);

#endif
