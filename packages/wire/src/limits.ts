/** What both ends agree on before they speak, and what neither lets the other exceed. */

/** Version of this protocol: that of `messages`, and of how they are packed. */
export const PROTOCOL_VERSION = 1;

/**
 * The draft after which the device messages are modelled: ids, names and meanings are its own.
 * Source: virtio-msg, transport revision 1 (VIRTIO_MSG_REVISION_1), as in the Linux patch series
 * "virtio-msg: Add virtio-msg, a message based virtio transport layer" (2025),
 * include/uapi/linux/virtio_msg.h and lists.linaro.org/archives/list/virtio-msg@lists.linaro.org.
 */
export const VIRTIO_MSG_REVISION = 1;

/** Bytes of a message, header included: a frame of 4096 x 4096 pixels fits. */
export const MAX_MESSAGE_BYTES = 64 * 2 ** 20 + 4096;
/** Bytes of a message packed with msgpack, header included. */
export const MAX_CONTROL_BYTES = 64 * 1024;
/** Bytes of one READ or WRITE. Larger transfers are made of several. */
export const MAX_DMA_BYTES = 4 * 2 ** 20;
/** Ranges of one publication. */
export const MAX_RANGES = 2 ** 20;
/** READ and WRITE requests that may wait for their answers. */
export const MAX_DMA_REQUESTS = 64;
/** Coherent ranges of one device, and their bytes together. */
export const MAX_COHERENT_RANGES = 256;
export const MAX_COHERENT_BYTES = 32 * 2 ** 20;
/** Mappings of one device that are not coherent. */
export const MAX_MAPPINGS = 65536;
/** Addresses are below this, so that they are exact as numbers. */
export const ADDRESS_LIMIT = 2 ** 52;
