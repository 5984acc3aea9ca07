/** The kernel's error numbers that the IOMMU and VFIO layers return, by name. */
export type Errno =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EBADF'
  | 'EBUSY'
  | 'EEXIST'
  | 'EFAULT'
  | 'EINVAL'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'ENOTTY'
  | 'EPERM'
  | 'ERANGE';

/** A call that the IOMMU API refuses; nothing has changed. */
export class IommuError extends Error {
  override readonly name = 'IommuError';
  readonly errno: Errno;

  constructor(errno: Errno, sentence: string) {
    super(sentence);
    this.errno = errno;
  }
}

/** A VFIO or driver-core call that is refused, with the errno that Linux gives; nothing has changed. */
export class VfioError extends Error {
  override readonly name = 'VfioError';
  readonly errno: Errno;

  constructor(errno: Errno, sentence: string) {
    super(sentence);
    this.errno = errno;
  }
}
