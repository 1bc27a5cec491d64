// SPDX-License-Identifier: GPL-2.0-only
/*
 * errno and NTSTATUS. Which of the numbered STATUS_INVALID_PARAMETER_n an -EINVAL is,
 * only the function that got it can say.
 */
#include "wdk.h"

/* Each way the first row that fits. */
static const struct {
	int error;
	NTSTATUS status;
} map[] = {
	{ 0, STATUS_SUCCESS },
	{ -EIO, STATUS_UNSUCCESSFUL },
	{ -EINVAL, STATUS_INVALID_PARAMETER },
	{ -ENOMEM, STATUS_INSUFFICIENT_RESOURCES },
	{ -ENOMEM, STATUS_NO_MEMORY },
	/* A DMA mapping that cannot be had now: like memory, it may be had later. */
	{ -ENOSPC, STATUS_INSUFFICIENT_RESOURCES },
	{ -ENODEV, STATUS_DEVICE_REMOVED },
	{ -ENODEV, STATUS_NO_SUCH_DEVICE },
	{ -EAGAIN, STATUS_BUFFER_OVERFLOW },
	{ -EAGAIN, STATUS_DEVICE_NOT_READY },
	/* A success on Windows; only VmbChannelPacketGetExternalData() gives it. */
	{ -EINPROGRESS, STATUS_PENDING },
	{ -EOVERFLOW, STATUS_BUFFER_OVERFLOW },
	{ -ETIMEDOUT, STATUS_IO_TIMEOUT },
	{ -ECANCELED, STATUS_CANCELLED },
	{ -EINTR, STATUS_CANCELLED },
	{ -ERESTARTSYS, STATUS_CANCELLED },
	{ -EBUSY, STATUS_DEVICE_BUSY },
	{ -EBUSY, STATUS_INVALID_DEVICE_STATE },
	{ -EDEADLK, STATUS_POSSIBLE_DEADLOCK },
	{ -ENOTCONN, STATUS_DEVICE_NOT_CONNECTED },
	{ -ECONNREFUSED, STATUS_CONNECTION_REFUSED },
	{ -EOPNOTSUPP, STATUS_NOT_SUPPORTED },
	{ -EOPNOTSUPP, STATUS_INVALID_DEVICE_REQUEST },
	{ -ENOSYS, STATUS_NOT_IMPLEMENTED },
	{ -ENOBUFS, STATUS_BUFFER_TOO_SMALL },
	{ -EMSGSIZE, STATUS_INVALID_BUFFER_SIZE },
	{ -E2BIG, STATUS_INVALID_BUFFER_SIZE },
	{ -EBADMSG, STATUS_DEVICE_PROTOCOL_ERROR },
	{ -EPROTO, STATUS_REVISION_MISMATCH },
	{ -EBADF, STATUS_INVALID_HANDLE },
	{ -ESTALE, STATUS_INVALID_HANDLE },
	{ -ENOENT, STATUS_NOT_FOUND },
	{ -ENOENT, STATUS_OBJECT_NAME_NOT_FOUND },
	{ -EEXIST, STATUS_OBJECT_NAME_COLLISION },
	{ -EDQUOT, STATUS_QUOTA_EXCEEDED },
	{ -EFAULT, STATUS_ACCESS_VIOLATION },
	{ -EACCES, STATUS_ACCESS_DENIED },
	{ -EPERM, STATUS_ACCESS_DENIED },
};

/* What a Windows driver is told; STATUS_UNSUCCESSFUL for an errno that is not listed. */
NTSTATUS wdk_status(int error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(map); i++) {
		if (map[i].error == error)
			return map[i].status;
	}
	return STATUS_UNSUCCESSFUL;
}

/* What Linux is told: 0 for every success, -EIO for a status that is not listed. */
int wdk_errno(NTSTATUS status)
{
	size_t i;

	if (NT_SUCCESS(status))
		return 0;
	if (status >= STATUS_INVALID_PARAMETER_1 && status <= STATUS_INVALID_PARAMETER_12)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(map); i++) {
		if (map[i].status == status)
			return map[i].error;
	}
	return -EIO;
}
