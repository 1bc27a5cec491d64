/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest's ACPI has to find: how to power off, the VMBus device, and around it the
 * container with the memory window that VMBus devices may ask for. The numbers agree with
 * machine.h.
 */
DefinitionBlock ("", "DSDT", 2, "KMCL", "HVHOST", 1)
{
	Name (\_S5, Package () { 0, 0, 0, 0 })

	Scope (\_SB)
	{
		Device (VMOD)
		{
			Name (_HID, "ACPI0004")
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate ()
			{
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					     Cacheable, ReadWrite,
					     0, 0xF8000000, 0xFBFFFFFF, 0, 0x04000000)
			})

			Device (VMBS)
			{
				/* A method: iasl takes a name of five letters for a mistake. */
				Method (_HID)
				{
					Return ("VMBus")
				}
				Name (_UID, 0)
				Name (_STA, 0x0F)
				Name (_CRS, ResourceTemplate ()
				{
					IRQ (Edge, ActiveHigh, Exclusive) { 5 }
				})
			}
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x03F8, 0x03F8, 1, 8)
				IRQNoFlags () { 4 }
			})
		}
	}
}
