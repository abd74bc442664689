/* swap-floor - what any reader must pay: open, read and close of each operand.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char buf[16384];

	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read(fd, buf, sizeof(buf)) < 0) {
			perror(argv[i]);
			return 2;
		}
		close(fd);
	}
	return 0;
}
