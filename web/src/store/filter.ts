/** What the list of cases is narrowed by: by its own fields, and by the count of those overdue. */

import { ref } from "vue";

import { type CaseFilter, NO_FILTER } from "./listing";

export const filter = ref<CaseFilter>(NO_FILTER);

/** Those overdue alone; once more, all again. */
export const toggleOverdue = () => (filter.value = { ...NO_FILTER, overdue: !filter.value.overdue });
