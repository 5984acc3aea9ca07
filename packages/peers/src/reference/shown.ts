/** What each peer's run shows, in a sentence or two, by the peer's name. */
export const shown: Readonly<Record<string, string>> = {
  edu: 'The driver computes, moves bytes both ways and gets a message for each operation. Then 12 sequences of random accesses, 35,000 values, are done to QEMU’s device and to our model.',
  'bochs-display':
    'The driver shows pictures in three modes, on bochs-display and on the VGA, each equal to QEMU’s screendump. Then 8 sequences, 27,000 values and 250 screens, are done to QEMU’s device and to our model.',
  iommu:
    'Tables that our hypervisor builds, sound ones and damaged ones, are walked by QEMU’s intel-iommu for the DMA of QEMU’s edu: the bytes that move and the faults that are recorded are those that our model says.',
  'virtio-gpu':
    'The driver negotiates, reads the EDID, and shows frames in 8 ways (split and packed rings, notifications by interrupt, by event index and none, batches), each equal to QEMU’s screendump.',
  'vhost-user-gpu':
    'QEMU’s virtio-gpu and ours in one QEMU are sent the same 3,000 commands, with every error and in random order: each answer is equal byte for byte but for the rows below, and so are 100 screens.',
  'vfio-user':
    'Our edu and bochs-display, served to QEMU, behave under our drivers as they do at home: DMA into the guest’s memory, MSI, INTx, pictures; and the configuration space that QEMU shows is the model’s.',
  'linux-virtio-gpu':
    'Console and test patterns are equal to those of the same guest on QEMU’s virtio-gpu; page flips and the pointer arrive. Without the device the guest goes on and the screen stays, though programs that flip pages wait for ever; another device that connects takes over once the driver was unbound and bound.',
  'linux-bochs-proxy':
    'Console and test pattern are equal to those of the same guest on QEMU’s bochs-display. Each store into the framebuffer is a message.',
  'linux-bochs-vfio-user':
    'The same, with the framebuffer mapped into the guest: nothing but registers reaches us.',
};
