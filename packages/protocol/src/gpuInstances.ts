/**
 * Instance types of Amazon EC2 that are x86-64 and have one GPU, with their vCPUs and GB of memory: a task has a GPU to itself, and more than one in an
 * instance would be paid for and stand still. Source: the accelerated computing pages of Amazon EC2's instance types.
 */
export const gpuInstances: Readonly<Record<string, { readonly vcpu: number; readonly memoryGb: number }>> = {
  'g4dn.xlarge': { vcpu: 4, memoryGb: 16 },
  'g4dn.2xlarge': { vcpu: 8, memoryGb: 32 },
  'g4dn.4xlarge': { vcpu: 16, memoryGb: 64 },
  'g4dn.8xlarge': { vcpu: 32, memoryGb: 128 },
  'g4dn.16xlarge': { vcpu: 64, memoryGb: 256 },
  'g5.xlarge': { vcpu: 4, memoryGb: 16 },
  'g5.2xlarge': { vcpu: 8, memoryGb: 32 },
  'g5.4xlarge': { vcpu: 16, memoryGb: 64 },
  'g5.8xlarge': { vcpu: 32, memoryGb: 128 },
  'g5.16xlarge': { vcpu: 64, memoryGb: 256 },
  'g6.xlarge': { vcpu: 4, memoryGb: 16 },
  'g6.2xlarge': { vcpu: 8, memoryGb: 32 },
  'g6.4xlarge': { vcpu: 16, memoryGb: 64 },
  'g6.8xlarge': { vcpu: 32, memoryGb: 128 },
  'g6.16xlarge': { vcpu: 64, memoryGb: 256 },
  'gr6.4xlarge': { vcpu: 16, memoryGb: 128 },
  'gr6.8xlarge': { vcpu: 32, memoryGb: 256 },
  'g6e.xlarge': { vcpu: 4, memoryGb: 32 },
  'g6e.2xlarge': { vcpu: 8, memoryGb: 64 },
  'g6e.4xlarge': { vcpu: 16, memoryGb: 128 },
  'g6e.8xlarge': { vcpu: 32, memoryGb: 256 },
  'g6e.16xlarge': { vcpu: 64, memoryGb: 512 },
}

/** What the system and ECS's agent keep of an instance's memory, in GB. */
export const GPU_INSTANCE_RESERVED_GB = 2
