/** A flaw in a release of the stories, for tests alone: whoever is assigned, the task throws. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      async handleUpdate(input, next) {
        if (input.name === 'assign_case') throw new Error('a flaw of this release');
        return next(input);
      },
    },
  ],
});
